/**
 * A live TCP echo server and client for tests.
 *
 * <p>The path of a byte, on the one thread that owns its connection:
 *
 * <pre>
 * Acceptor → Connection.receive → Ring.readFrom → (Gates.judge → Verdict) → Ring.writeTo
 *               ↑ while the ring has room                   with faults alone        ↓ while it holds bytes
 *               └────────────────────── interest set, derived from state ────────────┘
 * </pre>
 *
 * <p>The types in reading order: {@link org.echoharness.EchoServer} and its {@code Builder}, {@code ServerConfig},
 * {@code ServerCore} with {@code Controls}, {@code Tally} with {@link org.echoharness.Counters}, {@code Listeners}, {@code Preload},
 * {@code EventLoop} with {@code Served}, {@code Alarms} and {@code Tasks}, {@code Door}, {@code Acceptor},
 * {@code Connection} with {@code Witness}, {@code Ring}; the faults, {@link org.echoharness.FaultPlan} of {@link org.echoharness.Connections} with {@code TakenConnections}
 * and {@link org.echoharness.Fault}, which is an {@link org.echoharness.Effect} at a {@link org.echoharness.Trigger},
 * their text in {@code FaultText} of {@code Words}, and at work {@code Planned}, {@code Gates} with {@code Flow} and {@code Verdict},
 * {@code Gate} and {@code GateFactory};
 * what is recorded, {@link org.echoharness.Recording} of {@link org.echoharness.RecordedConnection} with
 * {@link org.echoharness.RecordedEvent} and {@link org.echoharness.Ending}, kept by {@code Recorder}, {@code Tape} and
 * {@code EventLog}, shown by {@code Transcript}, {@code Pcapng} and {@code Html}, of both ends by
 * {@link org.echoharness.Comparison};
 * {@link org.echoharness.EchoClient}, {@code Connector}, {@code Resolver}, {@code ClientSocket}, {@code Readiness},
 * {@link org.echoharness.EchoMismatchException}; {@link org.echoharness.HostAndPort}, {@link org.echoharness.Options},
 * {@code Conversation}, {@link org.echoharness.LineBuffer}, {@code DefaultWarnings}, {@code Text}, {@code FirstDifference}, {@link org.echoharness.FileErrorText}, {@code CompleteFile};
 * {@code Main} with {@code Arguments}, the command line, of {@code ServerCommand} and {@code ClientCommand} with
 * {@code Console}, {@code MessageFile}, {@code MessageInput} with {@code InputFailedException}, and {@code RecordingFolder}.
 */
@NullMarked
package org.echoharness;

import org.jspecify.annotations.NullMarked;
