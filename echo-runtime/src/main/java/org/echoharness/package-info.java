/**
 * A live TCP echo server and client for tests. Users begin with {@link org.echoharness.EchoServer} and {@link
 * org.echoharness.EchoClient}.
 *
 * <p>The path of a byte, on the one thread that owns its connection:
 *
 * <pre>
 * Acceptor → EchoPump.receive → RingBuffer.readFrom → (GateChain.judge → Verdict) → RingBuffer.writeTo
 *                      ↑ while the ring has room      only with faults                      ↓ while it holds bytes
 *                      └───────────────── interest set, derived from state ─────────────────┘
 * </pre>
 *
 * <table>
 * <caption>The types in reading order: each uses only those before it, except within a circle</caption>
 * <tr><th>room<th>what is there<th>types
 * <tr><th>text<td>reads and shows texts, and writes them to files; a package, as are the next fifteen
 *     <td>{@code Utf8} {@code Escaping} {@code NearestWord} {@code FirstDifference} {@code CompleteFile} {@code FileErrorText}
 *     {@code TextSize} {@code Quantities} {@code ServerLog} {@code Template} {@code MisreadException}
 *     {@code TokenErrors} {@code WordScanner} {@code QuotedBytes} {@code Tokens} {@code StartLine}
 * <tr><th>json<td>writes and reads JSON
 *     <td>{@code JsonWriter} {@code JsonReader}
 * <tr><th>sockets<td>what the system reports about sockets, and waits until they are ready
 *     <td>{@code SocketTable} {@code SocketLooks} {@code UrgentData} {@code SocketChannels} {@code ChannelReadiness}
 *     {@code ClientDeadline} {@code NameResolver} {@code UnixNames} {@code InetNames} {@code UnixConnector}
 *     {@code ConnectAttempts} {@code ExitRegistry} {@code PathClaim} {@code UnixSocketFile}
 *     {@code StartupClasses}
 * <tr><th>memory<td>buffers, and what connections and recordings hold and count
 *     <td>{@code HeldMemory} {@code RecordingMemory} {@code RingBuffer} {@code RingPool}
 *     {@code BorrowedRing} {@code NewestSet} {@code ChangeCount} {@code MessageInput}
 * <tr><th>loop<td>one thread that serves sockets
 *     <td>{@code Warnings} {@code EventLoopHandler} {@code Alarms} {@code EventLoop} {@code EventLoopCalls}
 *     {@code UnsentBytes}
 * <tr><th>packets<td>what a file for Wireshark has
 *     <td>{@code TcpPacket}
 * <tr><th>page<td>the HTML of a recording, with its style and script
 *     <td>{@code HtmlText} {@code PageResources} {@code PageEvent} {@code PageConnection} {@code PageHead} {@code TimeAxis}
 *     {@code PayloadHtml} {@code OverviewRow} {@code LadderHtml} {@code ConnectionHtml} {@code ConnectionText}
 *     {@code PageParts} {@code RecordingPage} {@code LivePage}
 * <tr><th>tls<td>certificates, whom a client trusts, and records on and off the wire
 *     <td>{@code CertificateKind} {@code DerWriter} {@code ServerKey} {@code CertificateAuthority} {@code PemFile}
 *     {@code TlsBuffers} {@code TlsContexts} {@code HandshakeThreads} {@code ServerTls} {@code TlsTrust} {@code TlsOptions} {@code ClientTls} {@code HandshakeSummary}
 *     {@code TlsRecord} {@code TlsAlert} {@code TlsException} {@code ServerHelloScanner}
 *     {@code RecordInput} {@code RecordOutput} {@code TlsObserver} {@code HandshakeProgress} {@code TlsChannel}
 *     {@code ClientHandshake} {@code TlsClientChannel}
 * <tr><th>proxy<td>the header with which a proxy names the client
 *     <td>{@code HeaderVersion} {@code MalformedHeaderException} {@code ProxyHeader} {@code LineHeader} {@code BinaryHeader}
 *     {@code HeaderInput}
 * <tr><th>relay<td>the connection to the server behind a relay
 *     <td>{@code Upstream} {@code LostUpstreamException} {@code LingeringClose} {@code UpstreamTls} {@code UpstreamChannel}
 *     {@code UpstreamConnection}
 * <tr><th>script<td>what a script is made of; exported
 *     <td>{@code Latin1} {@code Patterns} {@code FrameLength} {@code Data} {@code Expectation} {@code Step}
 *     {@code ServedConnection} {@code ConnectionHandler} {@code Framing} {@code Framings}
 * <tr><th>dialogue<td>what goes out for what came in
 *     <td>{@code Outlet} {@code Mismatch} {@code Dialogue} {@code TlsUpgrade}
 *     {@code StepChecks} {@code StepParser}
 *     {@code StepLines}
 *     {@code DataSource} {@code ScriptResources} {@code Captures} {@code MatchState} {@code LiteralSearch}
 *     {@code TextPattern}
 *     {@code ExpectationMatcher} {@code SendTemplate} {@code Program} {@code MismatchText}
 *     {@code TlsStart} {@code ConnectionCalls} {@code DialogueFactory} {@code RemainingSteps} {@code ScriptDialogue}
 *     {@code HandlerCalls} {@code HandlerDialogue} {@code FramedDialogue}
 *     {@code UnreportedInput}
 * <tr><th>replay<td>makes scripts from conversations
 *     <td>{@code SessionEvent} {@code Session} {@code TextRuns} {@code MessageSteps} {@code ReturnedValues} {@code MessageFrames}
 *     {@code MarkedMessage} {@code MarkedAnswer} {@code SessionSteps} {@code ScriptLines}
 *     {@code TcpSegment} {@code CaptureFormatException} {@code CaptureFile} {@code PacketDecoder} {@code CapturedStream}
 *     {@code CapturedConnection} {@code Capture}
 * <tr><th>gates<td>the state of faults in one connection: each gate judges the oldest bytes of the ring
 *     <td>{@code Seeds} {@code GateProgress} {@code TriggerPositions} {@code Verdict} {@code Gate} {@code SimpleGates} {@code DelayGate}
 *     {@code CorruptGate}
 * <tr><th>control<td>the HTTP interface, which knows a server only as a ControlledServer
 *     <td>{@code HttpServerModule} {@code ControlLimits} {@code RefusedRequestException} {@code ServerView}
 *     {@code RecordingView} {@code ControlledServer} {@code RequestGuard} {@code RequestThreads} {@code ControlRequest}
 *     {@code EventStream} {@code PageStream} {@code SessionStream} {@code RecordingDownload} {@code ConnectionRoutes}
 *     {@code PageRoutes} {@code ControlRoutes}
 *     {@code ControlServer}
 * <tr><th>remote<td>the client of the HTTP interface
 *     <td>{@code AddressText} {@code JsonObject} {@code ViewReader} {@code HttpCall} {@code ControlEndpoint} {@code ControlClient} {@code RemoteCalls} {@code RemoteConnection}
 * <tr><th>options<td>values from their text, and lines for the user
 *     <td>{@link org.echoharness.OptionText} {@link org.echoharness.ServerAddress} {@link org.echoharness.HostAndPort} {@link org.echoharness.LineBuffer}
 * <tr><th>faults<td>what goes wrong, when and on which connections; its text; the chain of gates that it makes
 *     <td>{@link org.echoharness.Trigger} {@link org.echoharness.Effect} {@code EffectRow} {@link org.echoharness.Connections}
 *     {@link org.echoharness.Fault} {@link org.echoharness.FaultPlan} {@code FaultParser}
 *     {@code GateChain}
 * <tr><th>scripts<td>which connections a script is for, and its text
 *     <td>{@link org.echoharness.Script}
 * <tr><th>recording<td>what happened, and the files that show it
 *     <td>{@link org.echoharness.Ending} {@link org.echoharness.RecordedEvent}
 *     {@link org.echoharness.ScriptProblem}
 *     {@link org.echoharness.RecordedConnection} {@code Transcript}
 *     {@code PcapngFile} {@code HtmlPage} {@link org.echoharness.RecordingFiles} {@link org.echoharness.Recording}
 *     {@link org.echoharness.RecordingComparison} {@code RecordingStore} {@code ConnectionRecorder} {@code RemoteRecording}
 * <tr><th>reporting<td>what a connection reports: lines, and to its recorder
 *     <td>{@code Conversation} {@code ConnectionReporter}
 * <tr><th>seam<td>what a server does with what a client sends, and how bytes get on and off the wire
 *     <td>{@code ConnectionPump} {@code ConnectionWire} {@code GatedOutput} {@code WireOutput} {@code TlsWire} {@code EchoPump}
 *     {@code RelayPump} {@code RelayPumps} {@code DialogueProblems} {@code DialoguePump} {@code DialoguePumps}
 * <tr><th>server<td>from the port to the connection
 *     <td>{@link org.echoharness.ConnectionCounters} {@code ServerConfig}
 *     {@code ServerContext} {@code ServingLoop} {@code ServerConnection} {@code ListeningSockets} {@code Preload}
 *     {@code Admission} {@code Acceptor} {@code ListeningPort} {@code ServerCore}
 *     {@code ServerControls} {@code ControlAdapter} {@code ServerAccess} {@code LocalServer} {@code RemoteServer}
 * <tr><th>client<td>one connection to a server
 *     <td>{@link org.echoharness.EchoMismatchException} {@code Exchange} {@code ClientConnector}
 *     {@code RecordedChannel}
 *     {@code ClientSocket}
 * <tr><th>API<td>where users begin
 *     <td>{@link org.echoharness.EchoServer} {@link org.echoharness.EchoClient}
 * <tr><th>cli<td>the command line; a package
 *     <td>{@code CommandArguments} {@code Console} {@code CommandHelp} {@code MessageFile} {@code RecordingFolder}
 *     {@code ServerCommand} {@code ClientCommand} {@code Main}
 * <tr><th>circles<td>types that use one another
 *     <td>{@link org.echoharness.Fault} {@link org.echoharness.FaultPlan} {@code FaultParser}; {@code RecordingStore}
 *     {@code ConnectionRecorder}; {@link org.echoharness.RecordedConnection} {@code Transcript};
 *     {@link org.echoharness.ServerAddress} {@link org.echoharness.HostAndPort}
 * </table>
 */
@NullMarked
package org.echoharness;

import org.jspecify.annotations.NullMarked;
