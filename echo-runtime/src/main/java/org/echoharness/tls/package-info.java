/** TLS over a connection: certificates, and records on and off the wire. Not exported. */
@NullMarked
package org.echoharness.tls;

import org.jspecify.annotations.NullMarked;
