/** Buffers of connections, and limits on the memory of connections and recordings. Not an API, and not exported. */
@NullMarked
package org.echoharness.memory;

import org.jspecify.annotations.NullMarked;
