/**
 * What is recorded, read by the programs that users read it with. Each test skips itself, with a line, where its program
 * is neither there nor to be installed. Read {@link org.echoharness.wire.Program} first.
 */
package org.echoharness.wire;
