/**
 * A live TCP echo server and client for tests.
 *
 * <p>The path of a byte, on the one thread that owns its connection:
 *
 * <pre>
 * Acceptor → EchoPump.receive → RingBuffer.readFrom → (GateChain.judge → Verdict) → RingBuffer.writeTo
 *                      ↑ while the ring has room      with faults alone                     ↓ while it holds bytes
 *                      └───────────────── interest set, derived from state ─────────────────┘
 * </pre>
 *
 * <p>The types in reading order: {@link org.echoharness.EchoServer} and its {@code Builder}, {@code ServerConfig}, {@code
 * ServerCore} with {@code ServerControls}, {@code ConnectionCounts} with {@link org.echoharness.ConnectionCounters}, {@code
 * ListeningSockets}, {@code Preload}, {@code EventLoop} with {@code EventLoopHandler}, {@code Alarms} and {@code
 * EventLoopCalls}, {@code ListeningPort}, {@code Acceptor}, {@code ServerConnection} with {@code ConnectionReporter},
 * {@code ConnectionWire} and {@code ConnectionPump}, which {@code EchoPump} implements,
 * {@code RingBuffer}; the faults, {@link org.echoharness.FaultPlan} of {@link org.echoharness.Connections} with {@code
 * TakenConnections} and {@link org.echoharness.Fault}, which is an {@link org.echoharness.Effect} at a {@link
 * org.echoharness.Trigger}, their text in {@code FaultParser} of {@code FaultTokens}, and at work {@code PlannedFaults},
 * {@code GateChain} with {@code GateProgress} and {@code Verdict}, {@code Gate} and {@code SimpleGates}; what is recorded,
 * {@link org.echoharness.Recording} of {@link org.echoharness.RecordedConnection} with {@link
 * org.echoharness.RecordedEvent} and {@link org.echoharness.Ending}, kept by {@code RecordingStore}, {@code
 * ConnectionRecorder} and {@code EventLog}, shown by {@code Transcript}, {@code PcapngFile} and {@code HtmlPage}, of both
 * ends by {@link org.echoharness.RecordingComparison}; {@link org.echoharness.EchoClient}, {@code ClientConnector}, {@code
 * NameResolver}, {@code ClientSocket}, {@code ChannelReadiness}, {@link org.echoharness.EchoMismatchException}; {@link
 * org.echoharness.HostAndPort}, {@link org.echoharness.OptionText}, {@code Conversation}, {@link
 * org.echoharness.LineBuffer}, {@code DefaultWarnings}, {@code Escaping}, {@code FirstDifference}, {@link
 * org.echoharness.FileErrorText}, {@code CompleteFile}; {@code MessageInput}. The command line is in a package of its own.
 */
@NullMarked
package org.echoharness;

import org.jspecify.annotations.NullMarked;
