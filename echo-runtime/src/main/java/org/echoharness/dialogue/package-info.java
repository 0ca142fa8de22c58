/** What goes out for what came in: reads scripts, and carries out scripts and handlers. Not exported. */
@NullMarked
package org.echoharness.dialogue;

import org.jspecify.annotations.NullMarked;
