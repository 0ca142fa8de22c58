/** Writes and reads JSON (RFC 8259). Knows nothing about servers or recordings. */
@NullMarked
package org.echoharness.json;

import org.jspecify.annotations.NullMarked;
