/** Event loops, which serve sockets on one thread each, for the runtime alone: no API, and not exported. */
@NullMarked
package org.echoharness.loop;

import org.jspecify.annotations.NullMarked;
