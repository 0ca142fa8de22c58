/**
 * What a script is made of. {@link org.echoharness.Script} holds steps for the connections of a server; each
 * {@link org.echoharness.script.Step} expects something of the client or sends something to it.
 */
@NullMarked
package org.echoharness.script;

import org.jspecify.annotations.NullMarked;
