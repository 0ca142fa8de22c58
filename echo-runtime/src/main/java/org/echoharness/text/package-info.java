/**
 * Reads and shows texts, and writes them to files. Not an API: exported only to the JUnit extension.
 */
@NullMarked
package org.echoharness.text;

import org.jspecify.annotations.NullMarked;
