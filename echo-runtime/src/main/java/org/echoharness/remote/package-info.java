/** The client of the HTTP interface: asks a server in another process for its state, and controls it. */
@NullMarked
package org.echoharness.remote;

import org.jspecify.annotations.NullMarked;
