/** Packets, as a capture of a network has them. This package is not exported. */
@NullMarked
package org.echoharness.packets;

import org.jspecify.annotations.NullMarked;
