/**
 * Reads and shows texts, writes them to files, and says why a file cannot be used. Not an API: exported only to the JUnit
 * extension.
 */
@NullMarked
package org.echoharness.text;

import org.jspecify.annotations.NullMarked;
