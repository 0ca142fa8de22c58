/** Event loops, which serve sockets on one thread each. Not an API, and not exported. */
@NullMarked
package org.echoharness.loop;

import org.jspecify.annotations.NullMarked;
