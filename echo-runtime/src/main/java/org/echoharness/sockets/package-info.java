/** Sockets, and what the system says of them; for the runtime and the JUnit extension: no API, exported to no other. */
@NullMarked
package org.echoharness.sockets;

import org.jspecify.annotations.NullMarked;
