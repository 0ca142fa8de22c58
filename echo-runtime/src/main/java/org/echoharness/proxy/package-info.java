/**
 * The PROXY protocol of HAProxy, versions 1 and 2: a header with which a proxy begins a connection, and which names the client
 * that it is for. Only a server with one of the two options loads it.
 */
@NullMarked
package org.echoharness.proxy;

import org.jspecify.annotations.NullMarked;
