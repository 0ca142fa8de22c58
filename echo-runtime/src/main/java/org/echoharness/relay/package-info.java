/** The connection of a relay to the server behind it. */
@NullMarked
package org.echoharness.relay;

import org.jspecify.annotations.NullMarked;
