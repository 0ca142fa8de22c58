/**
 * The HTTP interface of servers: other processes look at them and control them. It knows a server only as a {@code
 * ControlledServer}, needs the module {@code jdk.httpserver}, and is loaded only if a server has the option control.
 */
@NullMarked
package org.echoharness.control;

import org.jspecify.annotations.NullMarked;
