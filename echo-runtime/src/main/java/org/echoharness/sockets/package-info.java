/** Sockets, and what the system reports about them. Not an API: exported only to the JUnit extension. */
@NullMarked
package org.echoharness.sockets;

import org.jspecify.annotations.NullMarked;
