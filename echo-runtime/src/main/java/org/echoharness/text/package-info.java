/**
 * How texts are read, shown and written to files; for the runtime and the JUnit extension: no API, exported to no other.
 */
@NullMarked
package org.echoharness.text;

import org.jspecify.annotations.NullMarked;
