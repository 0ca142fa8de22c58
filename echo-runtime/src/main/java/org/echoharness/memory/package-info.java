/** What connections and recordings hold, and how much it may be, for the runtime alone: no API, and not exported. */
@NullMarked
package org.echoharness.memory;

import org.jspecify.annotations.NullMarked;
