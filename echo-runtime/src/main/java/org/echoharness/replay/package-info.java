/** Makes scripts from what was recorded or captured of real conversations. Not exported; loaded only when used. */
@NullMarked
package org.echoharness.replay;

import org.jspecify.annotations.NullMarked;
