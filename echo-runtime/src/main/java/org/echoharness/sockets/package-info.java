/** What the system says of its sockets, for the runtime and the JUnit extension alone: no API, and not exported to others. */
@NullMarked
package org.echoharness.sockets;

import org.jspecify.annotations.NullMarked;
