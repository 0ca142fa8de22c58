/** The state of faults in one connection: each gate judges the oldest bytes of the ring. Not exported. */
@NullMarked
package org.echoharness.gates;

import org.jspecify.annotations.NullMarked;
