/**
 * A live TCP echo server and client for tests.
 *
 * <p>The path of a byte, on the one thread that owns its connection:
 *
 * <pre>
 * Acceptor → Connection.receive → Ring.readFrom → Connection.judge → Ring.writeTo
 *               ↑ while the ring has room                          ↓ while it holds bytes
 *               └──────────── interest set, derived from state ────┘
 * </pre>
 *
 * <p>The types in reading order: {@link org.echoharness.EchoServer} and its {@code Builder}, {@code ServerConfig},
 * {@code ServerCore}, {@code Tally} with {@link org.echoharness.Counters}, {@code Listeners}, {@code Preload},
 * {@code EventLoop} with {@code Served} and {@code Alarms}, {@code Acceptor}, {@code Connection}, {@code Ring};
 * {@link org.echoharness.EchoClient}, {@code Connector}, {@code Resolver}, {@code ClientSocket}, {@code Readiness},
 * {@link org.echoharness.EchoMismatchException}; {@link org.echoharness.HostAndPort}, {@link org.echoharness.Options},
 * {@code Conversation}, {@code Text}; {@code Main} with {@code Arguments}, the command line.
 */
@NullMarked
package org.echoharness;

import org.jspecify.annotations.NullMarked;
