package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.echoharness.control.HttpServerModule;
import org.echoharness.dialogue.ScriptResources;
import org.echoharness.proxy.HeaderVersion;
import org.echoharness.relay.Upstream;
import org.echoharness.remote.ControlClient;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.script.Framing;
import org.echoharness.script.Framings;
import org.echoharness.script.ServedConnection;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.echoharness.tls.TlsOptions;
import org.jspecify.annotations.Nullable;

/**
 * A live TCP server that sends back every byte that it receives (the service of RFC 862, on any port).
 *
 * <pre>{@code
 * try (EchoServer server = EchoServer.builder().start();
 *         Socket socket = new Socket()) {
 *     socket.connect(server.address());
 *     ...
 * }
 * }</pre>
 *
 * <p>A connection ends with a FIN when the client's FIN has come and every byte before it was sent back; in any other
 * case it ends with an RST (RFC 9293, section 3.10.4). So a client that sees a clean end of stream has received the
 * whole echo. The server reads from a connection only while its buffer has room: a client that never reads can at some
 * point send no more (TCP's flow control, RFC 9293, section 3.8.6), and the memory of the server does not grow.
 *
 * <p>The server also listens on Unix sockets, at addresses such as {@code unix:/tmp/echo.sock}. A Unix socket has no RST:
 * where this page says that the server ends a connection with one, a client of a Unix socket sees a reset only if the
 * server has not read all that the client has sent, and otherwise the end of the stream.
 *
 * <p>Any thread may call any method. The server's own daemon threads serve the sockets and call the callbacks. A
 * control, such as {@link #freeze}, waits for these threads; if a callback blocks one of them for 10 seconds, perhaps
 * because it waits for the thread that calls the control, the control fails with an {@link IllegalStateException} that
 * names the line at which the callback stands.
 */
public final class EchoServer implements AutoCloseable {

    private final ServerAccess server;

    private EchoServer(ServerAccess server) {
        this.server = server;
    }

    /**
     * Returns a builder with every option at its default.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Connects to a server in another process, which has the option {@link Builder#control(String) control}. Its interface
     * must have one server only; {@link #connect(URI, String, String)} is for one of several.
     *
     * <p>The returned object stands for that server: its methods do there what they do here, and fail as they do here. In
     * addition, each method that asks the server throws an {@link java.io.UncheckedIOException} if it cannot be asked: for
     * example because its process has ended, or because the thread is interrupted. The message names the address and the
     * cure. {@link #isRunning} then returns false. What the other process has is asked for at each call. The exceptions are
     * the addresses and the kind of the server, which do not change.
     *
     * <p>{@link #close} only ends the use of the returned object, and leaves the server running. {@link #start} fails.
     *
     * <pre>{@code
     * try (EchoServer server = EchoServer.connect(URI.create("http://127.0.0.1:40124/"), token)) {
     *     server.setFaults(FaultPlan.parse("connection 1: reset after 4"));
     *     ...
     *     server.recording().awaitConnections(1).get(0).awaitEnd();
     * }
     * }</pre>
     *
     * @param control the address of the HTTP interface, as {@link #controlUri} returns it and as the server prints it; what
     *     follows a {@code #} is left out
     * @param token the token, as {@link #controlToken} returns it
     * @return the server of the other process
     * @throws IllegalArgumentException if the address or the token is malformed, or if there are several servers; the message
     *     names their ids
     * @throws IOException if there is no such interface, if it does not answer within its time, if the token is wrong, or
     *     if the thread is interrupted
     * @since 0.1.0
     */
    public static EchoServer connect(URI control, String token) throws IOException {
        return new EchoServer(new RemoteServer(ControlClient.connect(
                Objects.requireNonNull(control, "control"), Objects.requireNonNull(token, "token"), null)));
    }

    /**
     * Connects to one of the servers of a process, as {@link #connect(URI, String)} does.
     *
     * @param control the address of the HTTP interface
     * @param token the token
     * @param id the id of the server, as {@code GET /servers} returns it; {@code default} if the process has only one
     * @return the server of the other process
     * @throws IllegalArgumentException if the address or the token is malformed, or if there is no server with this id; the
     *     message names those that there are
     * @throws IOException as {@link #connect(URI, String)} describes
     * @since 0.1.0
     */
    public static EchoServer connect(URI control, String token, String id) throws IOException {
        return new EchoServer(new RemoteServer(ControlClient.connect(
                Objects.requireNonNull(control, "control"),
                Objects.requireNonNull(token, "token"),
                Objects.requireNonNull(id, "id"))));
    }

    /**
     * Binds every address, in the calling thread, and starts to serve. When this returns, a connect succeeds. If it
     * throws, no port is left bound and no thread is left running.
     *
     * @return this server
     * @throws java.net.BindException if an address cannot be bound; the message names the host, the port and the cure
     * @throws java.net.UnknownHostException if a name does not resolve
     * @throws java.net.SocketTimeoutException if a name does not resolve within 5 seconds
     * @throws IOException if the system refuses for another reason, or if the {@linkplain Builder#upstream(String) upstream}
     *     is this server itself
     * @throws IllegalStateException if this server was started or closed before, or if it cannot join the {@linkplain
     *     Builder#control(EchoServer, String) HTTP interface} of another one
     */
    public EchoServer start() throws IOException {
        server.start();
        return this;
    }

    /**
     * Stops listening, ends every connection that is still open with an RST, and releases all resources. When it
     * returns, the ports can be bound, the threads have ended and the sockets are closed. A further call only waits
     * until the server is closed. A call from a callback of this server closes everything too, but cannot wait for the
     * thread that it runs on. If a callback blocks for over 10 seconds, {@code close} returns without it; a warning
     * names the line at which it stands.
     */
    @Override
    public void close() {
        server.close();
    }

    /**
     * Waits until this server is closed.
     *
     * @param timeout the longest time to wait
     * @return whether it is closed
     * @throws IllegalStateException if it would have to wait in a callback of this server
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    public boolean awaitClose(Duration timeout) throws InterruptedException {
        return server.awaitClose(timeout);
    }

    /**
     * Returns whether the server was started and not closed since.
     *
     * @return true if it serves
     */
    public boolean isRunning() {
        return server.isRunning();
    }

    /**
     * Returns the error that made the server close by itself: one that ended one of its threads, such as an {@link
     * OutOfMemoryError}. The server then closes and reports the error as a warning. An exception in one connection ends
     * only that connection.
     *
     * @return what was thrown; empty while the server runs, and empty if a call closed it
     */
    public Optional<Throwable> failure() {
        return Optional.ofNullable(server.failure());
    }

    /**
     * Returns the first of {@link #addresses()}.
     *
     * @return the address that is bound, with its real port
     * @throws IllegalStateException before {@link #start}, or if the server listens on Unix sockets only
     */
    public InetSocketAddress address() {
        return addresses().get(0);
    }

    /**
     * Returns the addresses of TCP that are bound, in the order in which they were configured: with the port that the
     * kernel picked, and with a numeric host, also in {@link InetSocketAddress#getHostName()}. They can be read after the
     * close.
     *
     * @return one address or more
     * @throws IllegalStateException before {@link #start}, or if the server listens on Unix sockets only
     */
    public List<InetSocketAddress> addresses() {
        List<InetSocketAddress> tcp = new ArrayList<>();
        for (SocketAddress each : socketAddresses()) {
            if (each instanceof InetSocketAddress inet) {
                tcp.add(inet);
            }
        }
        if (tcp.isEmpty()) {
            HostAndPort.inet(socketAddress(), "the address of the server", "socketAddress() or path()");
        }
        return List.copyOf(tcp);
    }

    /**
     * Returns the first of {@link #socketAddresses()}. {@link EchoClient#connect(SocketAddress)} takes it.
     *
     * @return an {@link InetSocketAddress} or a {@link java.net.UnixDomainSocketAddress}
     * @throws IllegalStateException before {@link #start}
     * @since 0.1.0
     */
    public SocketAddress socketAddress() {
        return socketAddresses().get(0);
    }

    /**
     * Returns all addresses that are bound, of TCP and of Unix sockets, in the order in which they were configured. The
     * path of a Unix socket is absolute. They can be read after the close.
     *
     * @return one address or more: each an {@link InetSocketAddress} or a {@link java.net.UnixDomainSocketAddress}
     * @throws IllegalStateException before {@link #start}
     * @since 0.1.0
     */
    public List<SocketAddress> socketAddresses() {
        List<SocketAddress> bound = server.addresses();
        if (bound.isEmpty()) {
            throw new IllegalStateException("the server has no address yet; call start() first");
        }
        return bound;
    }

    /**
     * Returns the file of the first Unix socket that is bound.
     *
     * @return an absolute path
     * @throws IllegalStateException before {@link #start}, or if the server listens on no Unix socket
     * @since 0.1.0
     */
    public Path path() {
        for (SocketAddress each : socketAddresses()) {
            if (each instanceof UnixDomainSocketAddress unix) {
                return unix.getPath();
            }
        }
        throw new IllegalStateException("the server has no path, since it listens on "
                + ServerCore.texts(server.addresses()) + "; give it an address such as unix: or call address()");
    }

    /**
     * Returns the addresses that were configured, before names are resolved and the kernel picks ports. They can also
     * be read if the server could not be started.
     *
     * @return as in {@link Builder#addresses(String...)}
     */
    public List<ServerAddress> configuredAddresses() {
        return server.configuredAddresses();
    }

    /**
     * Returns the port of {@link #address()}.
     *
     * @return 1 to 65,535
     * @throws IllegalStateException before {@link #start}, or if the server listens on Unix sockets only
     */
    public int port() {
        return address().getPort();
    }

    /**
     * Returns the address of the HTTP interface that the option {@link Builder#control(String) control} asks for. A person can open
     * {@code URI#token=TOKEN} in a browser, with the {@link #controlToken()}.
     *
     * @return such as {@code http://127.0.0.1:40123/}; empty before {@link #start}, and without the option
     * @since 0.1.0
     */
    public Optional<URI> controlUri() {
        return Optional.ofNullable(server.controlUri());
    }

    /**
     * Returns the token of the HTTP interface. Programs send it as {@code Authorization: Bearer TOKEN}.
     *
     * @return 32 hexadecimal digits; empty before {@link #start}, and without the option {@link Builder#control(String) control}
     * @since 0.1.0
     */
    public Optional<String> controlToken() {
        return Optional.ofNullable(server.controlToken());
    }

    /**
     * Returns whether clients have to speak TLS to the server from their first byte on.
     *
     * @return true with the option {@link Builder#tls(String) tls}, unless a script with {@code start tls} or {@link
     *     Builder#handlerStartsTls()} makes connections begin in clear text
     * @since 0.1.0
     */
    public boolean speaksTls() {
        return server.hasTls() && !server.startsInClear();
    }

    /**
     * Returns the certificate that a client has to trust: that of the authority that has signed the server's. All servers of
     * one JVM have the same. It can be read after the close.
     *
     * @return the certificate; empty if the server speaks no TLS, or with an {@link Builder#tls(SSLContext) SSLContext} of the
     *     caller's
     * @throws IllegalStateException before {@link #start}, if the server speaks TLS
     * @throws java.io.UncheckedIOException if a server in another process cannot be asked
     * @since 0.1.0
     */
    public Optional<X509Certificate> certificate() {
        return Optional.ofNullable(server.certificate());
    }

    /**
     * Returns what a client in this JVM needs to speak TLS to the server: a context that trusts {@link #certificate()} alone.
     * If the server asks its clients for a certificate, the context has one, unless the server runs in another process: then
     * a client needs a context of its own. The client itself checks whether the certificate is for the right host name, as
     * {@link javax.net.ssl.SSLParameters#setEndpointIdentificationAlgorithm} says.
     *
     * <pre>{@code
     * try (EchoServer server = EchoServer.builder().tls("self-signed").start()) {
     *     SSLSocketFactory sockets = server.sslContext().getSocketFactory();
     *     ...
     * }
     * }</pre>
     *
     * @return the context
     * @throws IllegalStateException if the server has no {@link #certificate()}, or before {@link #start}
     * @throws java.io.UncheckedIOException if a server in another process cannot be asked
     * @since 0.1.0
     */
    public SSLContext sslContext() {
        return server.sslContext();
    }

    /**
     * Starts a session: a server with other options that gets the connections of this one, from now on and until it is
     * closed. So a test can have a server of its own at an address that others know. The session numbers, counts and records
     * its connections from the first on, as a new server does. Connections that are open now stay with this server. After
     * the {@linkplain #close end} of the session, the connections that it has counted and recorded are also in the {@link
     * #counters} and the {@link #recording} of this server, with the numbers that follow.
     *
     * <p>The session has the options of this server, the plan of faults that is in force now, and instead of them those that
     * are given. It has no port of its own: {@link #refuse}, {@link #restart}, {@link #unanswered} and {@link #resume} of
     * either act on the ports that both have; if the session has made them refuse connects or leave them unanswered, they
     * accept them again at its end. It ends with this server. A server has one session at a time; a session can
     * have a session itself. If this server runs in another process, the session also ends with this process.
     *
     * <pre>{@code
     * try (EchoServer session = server.session(Map.of("faults", "connection 1: reset after 4"), Duration.ofSeconds(5))) {
     *     ...
     *     session.recording().awaitConnections(1).get(0).awaitEnd();
     * }
     * }</pre>
     *
     * @param options words and texts as in {@link Builder#set}, except addresses, backlog, certificateFile and control; with
     *     script, scriptFile or upstream, the session does that in place of what this server does
     * @param timeout the longest time to wait until another session of this server ends
     * @return the session, which is started
     * @throws IllegalArgumentException if an option is wrong
     * @throws IllegalStateException if there is another session at the end of that time, if this server is not running, or
     *     when called in a callback of it
     * @throws IOException if the system refuses, if the thread is interrupted, or if a server in another process cannot be
     *     asked
     * @since 0.1.0
     */
    public EchoServer session(Map<String, String> options, Duration timeout) throws IOException {
        return new EchoServer(server.session(Map.copyOf(options), timeout));
    }

    /**
     * Returns how many connections there were and how they ended. The counters can be read after the close.
     *
     * @return a snapshot; as the server goes on counting, its numbers may be of slightly different moments
     */
    public ConnectionCounters counters() {
        return server.counters();
    }

    /**
     * Returns what happened on the connections, if the server was built to record it. The recording can be read after
     * the close.
     *
     * @return the recording, which grows while the server runs
     * @throws IllegalStateException if recording is off
     */
    public Recording recording() {
        Recording.Source recorder = server.recording();
        if (recorder == null) {
            throw new IllegalStateException("recording is off; call recording() on the builder of the server");
        }
        return new Recording(recorder);
    }

    /**
     * Returns one connection, to send on it or to end it.
     *
     * @param number the number of the connection, as in {@link RecordedConnection#number()}: 1 for the first accepted
     * @return the connection; it can still be asked when it has ended
     * @throws IllegalArgumentException if the number is less than 1
     * @throws IllegalStateException if the server echoes on this connection, if the connection has not been accepted or has
     *     ended, if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public ServedConnection connection(long number) {
        return server.connection(number);
    }

    /**
     * Returns what the server expects of its clients and sends to them.
     *
     * @return the script; {@link Script#none()} if the server has none
     */
    public Script script() {
        return server.script();
    }

    /**
     * Returns what went wrong between the script, the handlers or the option {@link Builder#proxyProtocol proxyProtocol}, and
     * the clients: the first 256 problems, and the
     * first 256 that a fault {@linkplain ScriptProblem#isExcused excuses}. They are kept whether or not the server
     * records, and can be read after the close. A problem is here before the client can see
     * the reset. The steps that are left when a control, {@code idleTimeout} or {@code maxConnections} ends a connection
     * are no problem.
     *
     * @return the problems in the order in which they arose; none if the server echoes and expects no PROXY header
     */
    public List<ScriptProblem> scriptProblems() {
        return server.scriptProblems();
    }

    /**
     * Returns how many problems {@link #scriptProblems} leaves out. One that no fault excuses is left out only if 256
     * others of that kind are returned.
     *
     * @return the number of problems that are only counted
     */
    public long scriptProblemsLeftOut() {
        return server.scriptProblemsLeftOut();
    }

    /**
     * Returns whether the server sends back what it receives.
     *
     * @return false if it has a script or handlers, which may find {@linkplain #scriptProblems problems}, or if it relays
     */
    public boolean echoes() {
        return server.echoes();
    }

    /**
     * Returns whether the server relays to a server behind it.
     *
     * @return true if it has an {@linkplain Builder#upstream(String) upstream}
     */
    public boolean relays() {
        return server.relays();
    }

    /**
     * Returns which steps of the script are left on the connections that are open now. Before the call, {@link #catchUp}
     * makes the server do what it can with what clients have sent.
     *
     * @return a problem of kind {@link ScriptProblem.Kind#LEFT_OVER} for each connection that may not end yet, in the order
     *     of the accepts; none if the server echoes, or if {@link #freeze} holds up the connections
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public List<ScriptProblem> unfinishedScripts() {
        return server.unfinishedScripts();
    }

    /**
     * Returns the plan for connections that are accepted from now on.
     *
     * @return the plan; {@link FaultPlan#none()} unless another was set
     */
    public FaultPlan faults() {
        return server.faults();
    }

    /**
     * Sets the plan for connections that are accepted from now on. The plan counts them from 1; open connections keep
     * their faults. A client can be connected before the server has accepted its connection; once that has echoed a byte,
     * it was accepted. A callback of this server may call this method.
     *
     * @param plan the plan
     * @throws IllegalArgumentException if it does not go with this server: a fault needs a larger bufferSize, a script or
     *     handler, tls, or an upstream
     */
    public void setFaults(FaultPlan plan) {
        server.setFaults(plan);
    }

    /**
     * Sets the plan like {@link #setFaults}, and for open connections too. The plan counts these first, in the order in
     * which they were accepted, and counts their bytes and their age from now. The change itself neither loses nor
     * reorders bytes: the new plan applies to those that the server holds.
     *
     * @param plan the plan
     * @throws IllegalArgumentException if it does not go with this server: a fault needs a larger bufferSize, a script or
     *     handler, tls, or an upstream
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void setFaultsOfAll(FaultPlan plan) {
        server.setFaultsOfAll(plan);
    }

    /**
     * Accepts every connection that has been made so far, reads what has come on the open ones (bytes, FINs and
     * resets), and answers what can be answered at once. It also waits for calls of handlers that an executor runs. This
     * call does not wait for bytes that a fault delays, for a client to read, or for a step of a script that waits. When it
     * returns true, the recording and the counters contain everything that clients on this machine did before the call.
     *
     * @param timeout the longest time to go on while more comes
     * @return true if nothing is left to read; false if the time is over before
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public boolean catchUp(Duration timeout) {
        return server.catchUp(timeout);
    }

    /**
     * Accepts every connection that has been made so far. When it returns, the counters and the recording contain each
     * of them, and each has its number.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void acceptPending() {
        server.acceptPending();
    }

    /**
     * Refuses connects from now on: the kernel answers them with an RST. The port stays taken, since a socket that does
     * not listen is bound to it. Open connections go on. {@link #resume} undoes this.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws UnsupportedOperationException if the system lacks {@code SO_REUSEPORT}, as Windows does
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted
     */
    public void refuse() {
        server.refuse();
    }

    /**
     * Refuses connects like {@link #refuse()}, but only for a time; then the server accepts them again, on the same
     * port. This returns when connects are refused, and does not wait for the end of the time. A later call of {@code
     * refuse}, {@link #restart}, {@link #unanswered}, {@link #resume} or {@link #close} replaces this one. If the port
     * cannot be listened on when the time is up, the server warns once and tries again every 100 ms.
     *
     * @param time how long connects are refused, 1 ms to 365 days
     * @throws IllegalArgumentException if the time is out of range
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws UnsupportedOperationException if the system lacks {@code SO_REUSEPORT}, as Windows does
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted
     */
    public void refuse(Duration time) {
        server.refuse(time);
    }

    /**
     * Does what a client sees when a server restarts: ends every open connection with an RST, refuses connects for a
     * time, and then accepts them again, on the same port. This returns when all connections are closed and connects
     * are refused; {@link #refuse(Duration)} says what happens then. Faults, counters and the recording are kept. The
     * resets are recorded as {@code the server restarts}.
     *
     * @param downTime how long connects are refused, 1 ms to 365 days
     * @throws IllegalArgumentException if the time is out of range
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws UnsupportedOperationException if the system lacks {@code SO_REUSEPORT}, as Windows does
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted; connects are then
     *     accepted again
     */
    public void restart(Duration downTime) {
        server.restart(downTime);
    }

    /**
     * Leaves connects unanswered from now on, until the client gives up: the server accepts no connection and fills the
     * queue of the kernel. Before this returns, the server has checked that a connect stays unanswered. Open
     * connections go on. {@link #resume} undoes this.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws UnsupportedOperationException if the system does something else when its queue is full; the server then
     *     accepts as before
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted
     */
    public void unanswered() {
        server.unanswered();
    }

    /**
     * Accepts connects again from now on, on the same port. This does nothing if they are accepted already.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted
     */
    public void resume() {
        server.resume();
    }

    /**
     * Stops reading and sending on every connection from now on; the server still accepts connections. No byte is lost.
     * While the server is frozen, it ends no connection for being idle. {@link #unfreeze} undoes this.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void freeze() {
        server.freeze(true);
    }

    /**
     * Reads and sends again after {@link #freeze}.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void unfreeze() {
        server.freeze(false);
    }

    /**
     * Ends every connection that is open now with an RST. All are closed when this returns.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void resetConnections() {
        server.endConnections(false);
    }

    /**
     * Ends one connection with an RST if it is open. It is closed when this returns.
     *
     * @param number the number of the connection, as in {@link RecordedConnection#number()}: 1 for the first accepted
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void resetConnection(long number) {
        server.resetConnection(number);
    }

    /**
     * Ends every connection that is open now with a FIN, even if bytes are not echoed yet; all are closed when this
     * returns. A client that goes on sending may see an RST instead, as with any peer that closes.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void closeConnections() {
        server.endConnections(true);
    }

    /** Returns the addresses and the state of the server in words; the form may change. */
    @Override
    public String toString() {
        return server.toString();
    }

    ServerCore core() {
        return ((LocalServer) server).core();
    }

    /**
     * The options of a server. Each has the same name, unit, default and error text on the command line, in Maven and
     * in annotations, which hand it to {@link #set} as text. Not safe for use by several threads.
     */
    public static final class Builder {

        /** The options that {@link #set} takes, in the order of the pages. */
        private enum Option implements OptionText.Option {
            ADDRESSES("addresses"),
            BACKLOG("backlog"),
            BUFFER_SIZE("bufferSize"),
            MAX_CONNECTIONS("maxConnections"),
            IDLE_TIMEOUT("idleTimeout"),
            IDLE_CLOSE("idleClose"),
            EVENT_LOOPS("eventLoops"),
            FAULTS("faults"),
            SCRIPT("script"),
            SCRIPT_FILE("scriptFile"),
            UPSTREAM("upstream"),
            UPSTREAM_FAILURE("upstreamFailure"),
            UPSTREAM_TLS("upstreamTls"),
            UPSTREAM_PROXY_PROTOCOL("upstreamProxyProtocol"),
            CONNECT_TIMEOUT("connectTimeout"),
            PROXY_PROTOCOL("proxyProtocol"),
            TLS("tls"),
            CERTIFICATE_FILE("certificateFile"),
            RECORDING("recording"),
            CONTROL("control");

            private final String word;

            Option(String word) {
                this.word = word;
            }

            @Override
            public String word() {
                return word;
            }
        }

        private static final int RECORDED_CONNECTIONS = 1_000;
        private static final int MOST_BACKLOG = 65_535;
        private static final int MOST_LOOPS = 256;

        private List<ServerAddress> addresses = List.of(new HostAndPort("127.0.0.1", 0));
        private boolean bindsEvery;
        private int backlog = 1024;
        private int bufferSize = 64 << 10;
        private int maxConnections;
        private long idleTimeoutNanos;
        private long idleCloseNanos;
        private int eventLoops = 1;
        private FaultPlan faults = FaultPlan.none();
        private @Nullable Script script; // null, so that an echo loads no class of scripts
        private @Nullable String scriptFile;
        private @Nullable Path scriptPath; // of that file; null for one that is looked for
        private Path scriptDirectory = Path.of("");
        private int recordedBytes = OptionText.RECORDED_BYTES;
        private int recordedConnections;
        private boolean hasRecording; // it was said whether to record
        private ServerConfig.@Nullable Control control;
        private @Nullable Consumer<String> conversation;
        private boolean hasTimes;
        private Consumer<String> warnings = new LineBuffer.DefaultWarnings();
        private ConnectionPump.Factory pumps = new EchoPump.Maker();
        private String answeredBy = ""; // the method that has set the pumps
        private @Nullable Upstream upstream; // null, so that an echo loads no class of relays
        private @Nullable Fault upstreamFailure; // null for a reset
        private TlsOptions.@Nullable Upstream upstreamTls;
        private @Nullable HeaderVersion
                upstreamProxyProtocol; // null, as the next one, so that no class of it is loaded
        private @Nullable HeaderVersion proxyProtocol;
        private Duration connectTimeout = Duration.ofSeconds(5);
        private boolean handlerStartsTls;
        private @Nullable TlsOptions tls; // null, so that a server without TLS loads no class of it

        private Builder() {}

        private Builder(Builder other) {
            addresses = other.addresses;
            bindsEvery = other.bindsEvery;
            backlog = other.backlog;
            bufferSize = other.bufferSize;
            maxConnections = other.maxConnections;
            idleTimeoutNanos = other.idleTimeoutNanos;
            idleCloseNanos = other.idleCloseNanos;
            eventLoops = other.eventLoops;
            faults = other.faults;
            script = other.script;
            scriptFile = other.scriptFile;
            scriptPath = other.scriptPath;
            scriptDirectory = other.scriptDirectory;
            recordedBytes = other.recordedBytes;
            recordedConnections = other.recordedConnections;
            hasRecording = other.hasRecording;
            control = other.control;
            conversation = other.conversation;
            hasTimes = other.hasTimes;
            warnings = other.warnings;
            pumps = other.pumps;
            answeredBy = other.answeredBy;
            upstream = other.upstream;
            upstreamFailure = other.upstreamFailure;
            upstreamTls = other.upstreamTls;
            upstreamProxyProtocol = other.upstreamProxyProtocol;
            proxyProtocol = other.proxyProtocol;
            connectTimeout = other.connectTimeout;
            tls = other.tls;
            handlerStartsTls = other.handlerStartsTls;
        }

        /**
         * Sets the addresses to listen on: each is {@code host:port}, {@code [v6]:port} or {@code *:port} (every
         * interface, both families). With port 0 the kernel picks a port. A name stands for the first address that it
         * resolves to, unless {@link #everyAddressOfNames} is called. The default is {@code 127.0.0.1:0}. At its start,
         * the server warns of each address that other machines can reach.
         *
         * <p>{@code unix:PATH} is a Unix socket: a file of mode 0600, which the server makes at its start and removes at its
         * close, and when the JVM exits. A socket that was left over at the path is replaced only if nobody listens
         * behind it. {@code unix:} alone is a file in a private temporary folder; {@link EchoServer#path()} returns it.
         *
         * @param texts the addresses
         * @return this builder
         * @throws IllegalArgumentException if there is none, or if one is malformed or given twice
         */
        public Builder addresses(String... texts) {
            if (texts.length == 0) {
                throw new IllegalArgumentException("addresses () must name at least one address, such as 127.0.0.1:0");
            }
            List<ServerAddress> parsed = new ArrayList<>();
            for (String text : texts) {
                ServerAddress address = ServerAddress.parse(text);
                boolean isPicked = address instanceof HostAndPort tcp
                        ? tcp.port() == 0
                        : ((ServerAddress.Unix) address).isPrivate();
                if (!isPicked && parsed.contains(address)) {
                    throw new IllegalArgumentException("addresses: " + address + " is given twice; leave one out");
                }
                parsed.add(address);
            }
            addresses = List.copyOf(parsed);
            return this;
        }

        /**
         * Makes a name among the {@link #addresses} stand for every address that it resolves to and that this machine
         * has, such as {@code 127.0.0.1} and {@code ::1}, with one port for all. This is meant for a server that is
         * started by hand. By default, a name stands only for its first address.
         *
         * @return this builder
         * @since 0.1.0
         */
        public Builder everyAddressOfNames() {
            bindsEvery = true;
            return this;
        }

        /**
         * Sets how many connections the kernel queues before the server accepts them; the kernel may queue fewer. The
         * default is 1,024.
         *
         * @param connections 1 to 65,535
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder backlog(int connections) {
            backlog = Quantities.inRange("backlog", connections, 1, MOST_BACKLOG, "");
            return this;
        }

        /**
         * Sets the most bytes that one connection holds, and that are read at once. The default is 65,536 (64 KiB).
         *
         * @param bytes 1 to 1,073,741,824 (1 GiB)
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder bufferSize(int bytes) {
            bufferSize = OptionText.bufferSize(bytes);
            return this;
        }

        /**
         * Sets how many connections may be open at the same time. A further one is accepted and reset at once; the
         * server warns of the first such reset. The default is no limit.
         *
         * @param connections at least 1
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder maxConnections(int connections) {
            maxConnections = Quantities.inRange("maxConnections", connections, 1, Integer.MAX_VALUE, "");
            return this;
        }

        /**
         * Sets how long a connection may neither receive nor send a byte before it is reset. The default is no limit.
         *
         * @param timeout 1 ms to 365 days
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder idleTimeout(Duration timeout) {
            idleTimeoutNanos = Quantities.positive("idleTimeout", timeout).toNanos();
            return this;
        }

        /**
         * Sets how long a connection may neither receive nor send a byte before it is closed with a FIN, as many
         * servers do. If the server holds bytes that it has not sent back, it resets the connection instead. The
         * shorter of this and {@link #idleTimeout} applies, and {@code idleTimeout} if they are equal. The default is
         * no limit.
         *
         * @param timeout 1 ms to 365 days
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder idleClose(Duration timeout) {
            idleCloseNanos = Quantities.positive("idleClose", timeout).toNanos();
            return this;
        }

        /**
         * Sets how many threads serve connections. Each connection belongs to one of them; they take turns. The default
         * is 1.
         *
         * @param threads 1 to 256
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder eventLoops(int threads) {
            eventLoops = Quantities.inRange("eventLoops", threads, 1, MOST_LOOPS, "");
            return this;
        }

        /**
         * Sets what goes wrong, on which connections and when. The default is {@link FaultPlan#none()}. At its start,
         * the server reports a plan with random values as a warning, with the seeds.
         *
         * @param plan the plan
         * @return this builder
         */
        public Builder faults(FaultPlan plan) {
            faults = plan;
            return this;
        }

        /**
         * Sets the same faults for every connection.
         *
         * @param each the faults; none for a correct echo
         * @return this builder
         */
        public Builder faults(Fault... each) {
            return faults(FaultPlan.of(each));
        }

        /**
         * Sets the plan from a text, which {@link FaultPlan#parse} reads.
         *
         * @param plan the text of the plan, such as {@code first 2: reset after 4; others: delay 50ms}
         * @return this builder
         * @throws IllegalArgumentException if it is no plan; the message names the position, the word and the cure
         */
        public Builder faults(String plan) {
            return faults(FaultPlan.parse(plan));
        }

        /**
         * Sets what the server expects of its clients and sends to them, in place of an echo. The default is {@link
         * Script#none()}, an echo. A client that does not do what the script expects is reset at once; the server keeps a
         * {@link ScriptProblem} and reports it as a warning.
         *
         * @param spoken the script
         * @return this builder
         */
        public Builder script(Script spoken) {
            script = spoken.rules().isEmpty() ? null : spoken;
            return this;
        }

        /**
         * Sets the script from a text, which {@link Script#parse} reads.
         *
         * @param text the text of the script, such as {@code expect line "PING", send "PONG\n"}
         * @return this builder
         * @throws IllegalArgumentException if it is no script; the message names the position, the word and the cure
         */
        public Builder script(String text) {
            return script(Script.parse(text));
        }

        /**
         * Sets the script from a file in UTF-8, which {@link #build} reads. The file can also be a capture of packets, as
         * {@link Script#ofCapture} describes. A relative name is one in the {@link
         * #scriptDirectory}; if there is no such file, it is the name of a resource of the class path.
         *
         * @param file the name of the file, such as {@code smtp.echo}; with {@code classpath:} before it, only a resource
         * @return this builder
         */
        public Builder scriptFile(String file) {
            scriptFile = Objects.requireNonNull(file, "file");
            scriptPath = null;
            return this;
        }

        /**
         * Sets the script from a file, as {@link #scriptFile(String)} does. The class path is not searched.
         *
         * @param file the file; a relative path begins at the working directory
         * @return this builder
         */
        public Builder scriptFile(Path file) {
            scriptFile = Objects.requireNonNull(file, "file").toString();
            scriptPath = file;
            return this;
        }

        /**
         * Sets where the relative names of a {@link #scriptFile}, and of the files that a script sends, begin. Names in a
         * script that is a file begin at the folder of that file. The default is the working directory.
         *
         * @param directory the directory
         * @return this builder
         */
        public Builder scriptDirectory(Path directory) {
            scriptDirectory = directory;
            return this;
        }

        /**
         * Answers each message of a client by a function, in place of an echo. The function runs on the threads of the
         * event loops, so it must be quick, and several threads may call it if there are several {@link #eventLoops}.
         * While an answer waits for room, no further message of its connection is read, so a client that does not read
         * takes at most two times {@code bufferSize} and one answer of memory. After the client's FIN, and the answers
         * before it, the server sends its own.
         *
         * <p>An exception of the function or of the framing resets the connection, as does a FIN within a message; the
         * server keeps a {@link ScriptProblem} and reports it as a warning. Each message counts for faults such as
         * {@code reset after 3 messages}.
         *
         * @param <M> the type of a message
         * @param framing cuts the stream into messages, such as {@link Framings#lines()}
         * @param answer returns the answer to a message, or null for none
         * @return this builder
         * @throws IllegalArgumentException if {@link #handler} was called before
         */
        public <M> Builder respond(Framing<M> framing, Function<? super M, ? extends @Nullable M> answer) {
            return answered("respond", DialoguePumps.respond(framing, answer, null));
        }

        /**
         * Answers each message of a client by a function that an executor runs, and that may therefore take its time, as
         * {@link #respond(Framing, Function)} does otherwise. The messages of one connection are answered one after the
         * other. {@link EchoServer#catchUp} also waits for the executor. The caller shuts the executor down, after the
         * server.
         *
         * @param <M> the type of a message
         * @param framing cuts the stream into messages, on the threads of the event loops
         * @param answer returns the answer to a message, or null for none
         * @param executor runs the function, and writes its answer by the framing
         * @return this builder
         * @throws IllegalArgumentException if {@link #handler} was called before
         */
        public <M> Builder respond(
                Framing<M> framing, Function<? super M, ? extends @Nullable M> answer, Executor executor) {
            return answered("respond", DialoguePumps.respond(framing, answer, executor));
        }

        /**
         * Serves each connection by a handler of its own, in place of an echo. The threads of the event loops call the
         * handlers, which must therefore be quick.
         *
         * @param handlers makes the handler of a connection when that is accepted
         * @return this builder
         * @throws IllegalArgumentException if {@link #respond} was called before
         */
        public Builder handler(Supplier<? extends ConnectionHandler> handlers) {
            return answered("handler", DialoguePumps.handler(handlers, null));
        }

        /**
         * Serves each connection by a handler of its own, which an executor calls, and which may therefore take its
         * time. An executor with several threads serves several connections at once; the calls for one connection
         * come one after the other. {@link EchoServer#catchUp} also waits for the executor. The caller shuts the executor
         * down, after the server.
         *
         * @param handlers makes the handler of a connection when that is accepted
         * @param executor calls the handlers
         * @return this builder
         * @throws IllegalArgumentException if {@link #respond} was called before
         */
        public Builder handler(Supplier<? extends ConnectionHandler> handlers, Executor executor) {
            return answered("handler", DialoguePumps.handler(handlers, executor));
        }

        /**
         * Makes connections begin in clear text although the option {@link #tls(String) tls} is set. A handler, or the test by
         * {@link EchoServer#connection(long)}, starts TLS on them with {@link ServedConnection#startTls()}, as servers of SMTP
         * (RFC 3207), LDAP (RFC 4511, section 4.14) and PostgreSQL do. A script with the step {@code start tls} has this effect by
         * itself. By default, connections begin with the handshake. {@link #build} fails without {@code tls}, and if the server
         * echoes or relays.
         *
         * @return this builder
         * @since 0.1.0
         */
        public Builder handlerStartsTls() {
            handlerStartsTls = true;
            return this;
        }

        private Builder answered(String word, ConnectionPump.Factory factory) {
            if (!answeredBy.isEmpty() && !answeredBy.equals(word)) {
                throw new IllegalArgumentException("respond and handler are both given; leave one out");
            }
            answeredBy = word;
            return pumps(factory);
        }

        /**
         * Relays to a server behind this one, in place of an echo: for each client, this server connects to that one, and
         * passes on what comes from either side. A FIN is passed on as a FIN when all before it was, and an RST as an RST.
         * Faults, recordings, limits and controls apply; a fault {@code to server} is about what is sent to the server
         * behind. A name is resolved for each connection. {@link EchoServer#start} fails if this server itself listens at
         * the address.
         *
         * @param address the address of the server behind: {@code host:port}, {@code [v6]:port} or {@code unix:PATH}
         * @return this builder
         * @throws IllegalArgumentException if the address is malformed, or if it names no host, no port or no file
         */
        public Builder upstream(String address) {
            upstream = RelayPumps.upstream(Objects.requireNonNull(address, "address"));
            return this;
        }

        /**
         * Relays to a server whose address is asked for at each accept, as {@link #upstream(String)} does: one that moves,
         * or whose port is known only later. The supplier has a thread of its own, so it may block; the {@link
         * #connectTimeout} includes its time. If it throws, or returns no address, the client sees an {@link
         * #upstreamFailure}.
         *
         * @param addresses returns the address for the next connection
         * @return this builder
         */
        public Builder upstream(Supplier<String> addresses) {
            upstream = RelayPumps.upstream(Objects.requireNonNull(addresses, "addresses"));
            return this;
        }

        /**
         * Sets what a client gets if the {@link #upstream} cannot be reached: {@link Fault#reset()}, the default, {@link
         * Fault#close()} or {@link Fault#stall()}. The recording has the reason; the server also warns of the first failure
         * after a success.
         *
         * @param failure one of these faults
         * @return this builder
         * @throws IllegalArgumentException if it is another fault, or has a trigger
         */
        public Builder upstreamFailure(Fault failure) {
            upstreamFailure = RelayPumps.checked(failure);
            return this;
        }

        /**
         * Speaks TLS (RFC 8446) to the {@link #upstream}, whatever clients speak to this server. The default is {@code none}: the
         * server passes on the bytes as they come, so that the TLS of a client goes through untouched. The handshake is part of
         * the connect, which {@link #connectTimeout} limits; if the upstream's certificate is not trusted, or not for its host
         * name, the client sees an {@link #upstreamFailure}. The recording, faults and {@code after N} are about the text. {@link
         * #build} fails without an upstream, or if the file cannot be read.
         *
         * @param trust which certificates to trust: the path of a PEM file, which {@link #build} reads; {@code system} for
         *     those that the JDK trusts; or {@code insecure} for any, for any host name, of which the server warns
         * @return this builder
         * @since 0.1.0
         */
        public Builder upstreamTls(String trust) {
            upstreamTls = new TlsOptions.Upstream(Objects.requireNonNull(trust, "trust"), null);
            return this;
        }

        /**
         * Speaks TLS to the {@link #upstream} as {@link #upstreamTls(String)} does, with a context of the caller's.
         *
         * @param context decides which certificates to trust, and which certificate to show
         * @return this builder
         * @since 0.1.0
         */
        public Builder upstreamTls(SSLContext context) {
            upstreamTls = new TlsOptions.Upstream(null, Objects.requireNonNull(context, "context"));
            return this;
        }

        /**
         * Begins each connection to the {@link #upstream} with a header of the PROXY protocol, which names the client: the
         * address that it has connected from, and the one that it has connected to. With {@link #proxyProtocol}, these are
         * the addresses of the header that the client has sent. For a client of a Unix socket, the header says {@code UNKNOWN}
         * (v1) or {@code UNSPEC} (v2). The header comes before the handshake of {@link #upstreamTls(String)}, and is neither
         * recorded as bytes nor counted by faults; a note of the recording has it. The default is {@code none}. {@link #build}
         * fails without an upstream.
         *
         * @param version {@code v1} for a line of text, {@code v2} for bytes, or {@code none}
         * @return this builder
         * @throws IllegalArgumentException if it is another text
         * @since 0.1.0
         */
        public Builder upstreamProxyProtocol(String version) {
            upstreamProxyProtocol = HeaderVersion.sent("upstreamProxyProtocol", version);
            return this;
        }

        /**
         * Requires that each connection begins with a header of the PROXY protocol, which load balancers such as HAProxy send,
         * and which names the client behind them. From then on, that client is the one of the connection: in the recording, the
         * conversation, plans of faults with {@link Connections#from} and {@link ServedConnection#remote()}. Nothing is sent
         * before the header is complete. The header is no part of what the server receives, and {@code after N} of faults begins
         * behind it. With {@link #tls(String)}, it comes before the handshake. If it says {@code UNKNOWN}, {@code LOCAL} or
         * {@code UNSPEC}, or is about datagrams, the addresses are those of the socket.
         *
         * <p>A connection that begins with something else is reset, as is one whose header is not complete within 5 seconds, or
         * within a shorter {@link #idleTimeout}; the server keeps a {@link ScriptProblem} and reports it as a warning. A
         * connection that ends before its first byte, as health checks do, is no problem. Nor is one with the header {@code LOCAL}
         * that ends before the first byte after it, although steps of a script are left. The default is {@code none}: the first
         * byte of a connection is its first.
         *
         * @param version {@code v1} for a line of text, {@code v2} for bytes, {@code required} for either, or {@code none}
         * @return this builder
         * @throws IllegalArgumentException if it is another text
         * @since 0.1.0
         */
        public Builder proxyProtocol(String version) {
            proxyProtocol = HeaderVersion.expected("proxyProtocol", version);
            return this;
        }

        /**
         * Sets how long finding and connecting to the {@link #upstream} may take, with its handshake of TLS if there is one.
         * The default is 5 seconds. Without an upstream it has no effect.
         *
         * @param timeout 1 ms to 365 days
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder connectTimeout(Duration timeout) {
            connectTimeout = Quantities.positive("connectTimeout", timeout);
            return this;
        }

        /**
         * Speaks TLS 1.2 and 1.3 (RFC 5246, RFC 8446) to clients, with a certificate that the server makes in memory at its
         * start. Its key is EC P-256. An authority signs it that each JVM makes once, so clients that trust {@link
         * EchoServer#certificate()} trust every server of the JVM. The default is {@code none}: the server speaks no TLS.
         *
         * <p>A {@code self-signed} certificate is valid, and is for localhost, the loopback addresses, and the addresses and
         * names that the server listens on. {@code expired} ended a day ago, {@code not-yet-valid} begins in ten years, and
         * {@code for NAME} is for the host name NAME alone.
         *
         * <p>The echo, a script, a handler or the relay, faults and {@code after N}, and the recording are about the text. A
         * half-close is a close_notify and a FIN; a FIN without a close_notify ends the connection with an RST.
         *
         * @param certificate {@code none}, {@code self-signed}, {@code expired}, {@code not-yet-valid} or {@code for NAME}
         * @return this builder
         * @throws IllegalArgumentException if there is no such certificate
         * @since 0.1.0
         */
        public Builder tls(String certificate) {
            boolean isNone = Objects.requireNonNull(certificate, "certificate").equals(OptionText.NONE);
            tls = tls == null && isNone ? null : TlsOptions.withKind(tls, isNone ? null : certificate);
            return this;
        }

        /**
         * Speaks TLS to clients as {@link #tls(String)} does, with a key and a certificate of the caller's. {@link
         * EchoServer#certificate()} is then empty, as the server does not know what clients have to trust. {@link #build} fails
         * if a certificate is also set by {@link #tls(String)}, or if a {@code certificateFile} is.
         *
         * @param context has the key and the certificate, and decides which client certificates are trusted
         * @return this builder
         * @since 0.1.0
         */
        public Builder tls(SSLContext context) {
            tls = TlsOptions.withContext(tls, Objects.requireNonNull(context, "context"));
            return this;
        }

        /**
         * Sets what the server's side of TLS allows and asks for: protocols, cipher suites, application protocols (ALPN, RFC
         * 7301), server names (SNI, RFC 6066), and a client certificate that it wants or needs. With a certificate that the
         * server makes, it trusts any client certificate. The default is what the JDK allows. {@link #build} fails without
         * {@code tls}. {@link EchoServer#start} throws an {@link IllegalArgumentException} if the JDK cannot use the parameters.
         *
         * @param parameters the parameters, which are read at the start
         * @return this builder
         * @since 0.1.0
         */
        public Builder tlsParameters(SSLParameters parameters) {
            tls = TlsOptions.withParameters(tls, Objects.requireNonNull(parameters, "parameters"));
            return this;
        }

        /**
         * Writes {@link EchoServer#certificate()} to a file before the server listens, for clients that are not in this JVM.
         * The format is PEM (RFC 7468), which OpenSSL, curl and Python read. The folders of the file are made. A file that
         * exists is replaced if it is empty or has only certificates; otherwise, {@link EchoServer#start} fails. The file stays
         * when the server is closed. The default is {@code none}: no file. {@link #build} fails without {@link #tls(String)}.
         *
         * @param file the file; a relative path begins at the working directory
         * @return this builder
         * @since 0.1.0
         */
        public Builder certificateFile(Path file) {
            tls = TlsOptions.withFile(tls, Objects.requireNonNull(file, "file"));
            return this;
        }

        /**
         * Writes the certificate to a file, as {@link #certificateFile(Path)} does.
         *
         * @param file the path of the file, such as {@code target/echo.pem}; a relative one begins at the working directory
         * @return this builder
         * @throws IllegalArgumentException if it cannot be a path
         * @since 0.1.0
         */
        public Builder certificateFile(String file) {
            Objects.requireNonNull(file, "file");
            return certificateFile(TlsOptions.file(OptionText.decoded(TlsOptions.FILE, file)));
        }

        /**
         * Records what happens on the connections, for {@link EchoServer#recording()}: the first 65,536 bytes (64 KiB)
         * of each direction of the newest 1,000 connections, as far as this fits into a quarter of the heap. The
         * default is to record nothing.
         *
         * @return this builder
         */
        public Builder recording() {
            return recording(OptionText.RECORDED_BYTES, RECORDED_CONNECTIONS);
        }

        /**
         * Records what happens on the connections, for {@link EchoServer#recording()}. A recording takes at most a
         * quarter of the heap, and less if other recordings of this JVM take much. What does not fit is only counted;
         * connections that have ended are dropped first. The default is to record nothing.
         *
         * @param bytes the most bytes that are kept of each direction of a connection, 0 to 1,073,741,824 (1 GiB);
         *     further bytes are only counted
         * @param connections how many connections are kept, 1 to 1,000,000; they are the newest
         * @return this builder
         * @throws IllegalArgumentException if a value is out of range
         */
        public Builder recording(int bytes, int connections) {
            hasRecording = true;
            recordedBytes = OptionText.recorded(bytes);
            recordedConnections = Quantities.inRange(
                    "recording", connections, 1, 1_000_000, connections < 1 ? " connection" : " connections");
            return this;
        }

        /**
         * Lets other processes look at the server and control it, by HTTP at this address: see {@link
         * EchoServer#controlUri()}. Only who has the {@link EchoServer#controlToken()} gets an answer. A server with this
         * option records, unless {@code recording} is set. At its start, the server warns if other machines can reach the
         * address. The default is no such interface. It needs the module {@code jdk.httpserver} of the JDK.
         *
         * @param address {@code host:port}, {@code [v6]:port} or {@code *:port}; with port 0 the kernel picks a port
         * @return this builder
         * @throws IllegalArgumentException if the address is malformed
         * @since 0.1.0
         */
        public Builder control(String address) {
            return control(address, ServerConfig.Control.DEFAULT_ID);
        }

        /**
         * Like {@link #control(String)}, with a name for the server, for an interface that {@linkplain #control(EchoServer,
         * String) other servers} join.
         *
         * @param address {@code host:port}, {@code [v6]:port} or {@code *:port}; with port 0 the kernel picks a port
         * @param id the name of the server in the interface, of letters, digits, {@code -} and {@code _}; the
         *     default is {@code default}
         * @return this builder
         * @throws IllegalArgumentException if the address or the name is malformed
         * @since 0.1.0
         */
        public Builder control(String address, String id) {
            control = ServerConfig.Control.parse(address, id);
            return this;
        }

        /**
         * Lets other processes look at the server and control it, by the HTTP interface of another server, which has this
         * one's address and token too. The interface ends when the last of its servers is closed. The start of this server
         * fails with an {@link IllegalStateException} if the interface has ended by then, or has a server of that name.
         *
         * @param other a running server with the option {@code control}
         * @param id the name of this server in the interface, of letters, digits, {@code -} and {@code _}
         * @return this builder
         * @throws IllegalArgumentException if the name is malformed
         * @throws IllegalStateException if the other server was not started, or has no such interface
         * @since 0.1.0
         */
        public Builder control(EchoServer other, String id) {
            control = other.server.joinedControl(id);
            return this;
        }

        /**
         * Sets the callback for the conversation, one line per event: what was received from which client, what was
         * sent back. Payload is quoted, at most 1,024 bytes of a chunk; bytes that are not visible text in UTF-8 are
         * escaped. The thread that starts the server passes the lines about the start; the server's threads pass all
         * others. The callback must be quick; {@link LineBuffer} is for output that may block. An exception that it
         * throws ends the connection that the line is about. By default there is no callback.
         *
         * @param lines takes one line at a time, without its line end
         * @return this builder
         */
        public Builder conversation(Consumer<String> lines) {
            conversation = lines;
            return this;
        }

        /**
         * Sets whether each line of the conversation begins with its time, in UTC, followed by the number of the
         * connection if the line is about one: {@code 2026-01-02T03:04:05.006Z connection 3: received …}. The default
         * is false.
         *
         * @param times true for lines with time and number
         * @return this builder
         */
        public Builder conversationTimes(boolean times) {
            hasTimes = times;
            return this;
        }

        /**
         * Sets the callback for warnings, which the person who runs the server should read: an address that other
         * machines can reach, a limit that is reached, a failure that the server survived. The server waits for the
         * callback; {@link LineBuffer} is for output that may block. The default prints to {@link System#err} through
         * such a buffer.
         *
         * @param lines takes one line at a time, without its line end; any thread may call it
         * @return this builder
         */
        public Builder warnings(Consumer<String> lines) {
            warnings = lines;
            return this;
        }

        /**
         * Returns the names of the options that {@link #set} takes, which are those of the methods, of the attributes
         * of annotations and of the parameters of goals.
         *
         * @return the words, in the order of the pages
         */
        public static List<String> words() {
            return OptionText.words(Option.values());
        }

        /**
         * Sets one option from text, as every front end does: addresses with commas between them; sizes as {@code 16},
         * {@code 16KiB}, {@code 1MiB} or {@code 1GiB}; durations as {@code 50ms}, {@code 2s} or {@code 1m}; {@code
         * none} for no limit.
         *
         * @param word the name of the option: that of the method
         * @param text its value
         * @return this builder
         * @throws IllegalArgumentException if there is no such option, or if the value is malformed or out of range;
         *     the message names the word, the value and the cure
         */
        public Builder set(String word, String text) {
            return switch (OptionText.option(word, Option.values())) {
                case ADDRESSES -> addresses(OptionText.list(word, text).toArray(String[]::new));
                case BACKLOG -> backlog(Quantities.count(word, text, MOST_BACKLOG));
                case BUFFER_SIZE -> bufferSize(OptionText.bufferSize(word, text));
                case MAX_CONNECTIONS -> {
                    maxConnections = OptionText.countOrNone(word, text);
                    yield this;
                }
                case IDLE_TIMEOUT -> {
                    idleTimeoutNanos = OptionText.nanosOrNone(word, text);
                    yield this;
                }
                case IDLE_CLOSE -> {
                    idleCloseNanos = OptionText.nanosOrNone(word, text);
                    yield this;
                }
                case EVENT_LOOPS -> eventLoops(Quantities.count(word, text, MOST_LOOPS));
                case FAULTS -> faults(text);
                case SCRIPT -> {
                    script = null;
                    yield text.equals(OptionText.NONE) ? this : script(text);
                }
                case SCRIPT_FILE -> {
                    scriptFile = null;
                    yield text.equals(OptionText.NONE) ? this : scriptFile(text);
                }
                case UPSTREAM -> {
                    upstream = null;
                    yield text.equals(OptionText.NONE) ? this : upstream(text);
                }
                case UPSTREAM_FAILURE -> upstreamFailure(RelayPumps.failure(text));
                case UPSTREAM_TLS -> {
                    upstreamTls = null;
                    yield text.equals(OptionText.NONE) ? this : upstreamTls(text);
                }
                case UPSTREAM_PROXY_PROTOCOL -> {
                    upstreamProxyProtocol = null;
                    yield text.equals(OptionText.NONE) ? this : upstreamProxyProtocol(text);
                }
                case PROXY_PROTOCOL -> {
                    proxyProtocol = null;
                    yield text.equals(OptionText.NONE) ? this : proxyProtocol(text);
                }
                case CONNECT_TIMEOUT -> connectTimeout(Quantities.duration(word, text));
                case TLS -> {
                    tls = tls == null ? null : TlsOptions.withContext(tls, null); // the text is in its place
                    yield tls(text);
                }
                case CERTIFICATE_FILE -> {
                    tls = tls == null ? null : TlsOptions.withFile(tls, null);
                    yield text.equals(OptionText.NONE) ? this : certificateFile(text);
                }
                case RECORDING -> {
                    int bytes = OptionText.recorded(word, text);
                    recordedConnections = 0;
                    hasRecording = true;
                    yield bytes < 0 ? this : recording(bytes, RECORDED_CONNECTIONS);
                }
                case CONTROL -> {
                    control = null;
                    yield text.equals(OptionText.NONE) ? this : control(text);
                }
            };
        }

        /** Sets what the server does with what clients send. */
        Builder pumps(ConnectionPump.Factory factory) {
            pumps = factory;
            return this;
        }

        /**
         * Returns a server with these options, not yet started. This builder can be used again.
         *
         * @return a new server
         * @throws IllegalArgumentException if options do not go together: a fault or a script that needs a larger
         *     bufferSize, two scripts, a script and a handler, an upstream and one of them, or a fault that counts messages
         *     if the server counts none;
         *     or if the file of a script, or one that it sends, cannot be read; or if {@link #control(String) control} is set and the JVM
         *     lacks the module jdk.httpserver
         */
        public EchoServer build() {
            return new EchoServer(new LocalServer(new Given(new Builder(this))));
        }

        /** The options of a server that was built. */
        private record Given(Builder options) implements LocalServer.Options {

            @Override
            public ServerConfig config() {
                return options.config();
            }

            @Override
            public Given session(
                    Map<String, String> words, FaultPlan inForce, Supplier<ServerConfig.@Nullable Control> place) {
                return new Given(options.session(words, inForce, place));
            }
        }

        private Builder session(
                Map<String, String> words, FaultPlan inForce, Supplier<ServerConfig.@Nullable Control> place) {
            Builder session = new Builder(this);
            session.faults = inForce;
            for (String word : List.of("addresses", "backlog", "certificateFile", "control")) {
                if (words.containsKey(word)) {
                    throw new IllegalArgumentException(word + " (" + Escaping.escape(String.valueOf(words.get(word)))
                            + ") cannot change while the server runs; leave it out");
                }
            }
            for (String word : List.of("script", "scriptFile", "upstream")) {
                if (!words.getOrDefault(word, OptionText.NONE)
                        .equals(OptionText.NONE)) { // it is in place of the others
                    session.script = null;
                    session.scriptFile = null;
                    session.upstream = null;
                    session.upstreamFailure = null;
                    session.upstreamTls = null;
                    session.upstreamProxyProtocol = null;
                    session.answeredBy = "";
                    session.handlerStartsTls = false;
                    session.pumps = new EchoPump.Maker();
                }
            }
            session.tls = tls == null || OptionText.NONE.equals(words.get(TlsOptions.WORD))
                    ? null // also without its parameters
                    : TlsOptions.withFile(tls, null); // which the server has written
            words.forEach(session::set);
            session.config(); // refuses options that do not go together
            session.control = place.get();
            return session;
        }

        /** Checks the options together. */
        private ServerConfig config() {
            if (script != null && scriptFile != null) {
                throw new IllegalArgumentException("script and scriptFile are both given; leave one out");
            }
            if ((script != null || scriptFile != null) && !answeredBy.isEmpty()) {
                throw new IllegalArgumentException((script == null ? "scriptFile" : "script") + " and " + answeredBy
                        + " are both given; leave one out");
            }
            if (upstream != null && (script != null || scriptFile != null || !answeredBy.isEmpty())) {
                String other = script != null ? "script" : scriptFile != null ? "scriptFile" : answeredBy;
                throw new IllegalArgumentException("upstream and " + other + " are both given; leave one out");
            }
            if (upstream == null && upstreamFailure != null) {
                throw new IllegalArgumentException("upstreamFailure (" + upstreamFailure
                        + ") is given without upstream; set upstream, or leave it out");
            }
            if (upstream == null && upstreamTls != null) {
                throw new IllegalArgumentException(
                        "upstreamTls (" + upstreamTls + ") is given without upstream; set upstream, or leave it out");
            }
            if (upstream == null && upstreamProxyProtocol != null) {
                throw new IllegalArgumentException("upstreamProxyProtocol (" + upstreamProxyProtocol
                        + ") is given without upstream; set upstream, or leave it out");
            }
            TlsOptions speaks = tls == null ? null : tls.checked();
            Script spoken = script;
            ConnectionPump.Factory used = upstream == null
                    ? pumps
                    : RelayPumps.to(
                            upstream,
                            connectTimeout,
                            upstreamFailure,
                            upstreamTls == null ? null : upstreamTls.trust(),
                            upstreamProxyProtocol);
            if (scriptFile != null) {
                ScriptResources.ScriptFile read = scriptPath == null
                        ? new ScriptResources(scriptDirectory).script(scriptFile)
                        : ScriptResources.script(scriptPath);
                spoken = Script.of(read);
                used = DialoguePumps.of(spoken, read.files(), bufferSize);
            } else if (script != null) {
                used = DialoguePumps.of(script, new ScriptResources(scriptDirectory), bufferSize);
            }
            if (spoken != null && spoken.startsTls()) {
                speaks = TlsOptions.startingInClear(speaks, "script (start tls)");
            } else if (handlerStartsTls) {
                if (spoken == null && answeredBy.isEmpty()) {
                    throw new IllegalArgumentException("handlerStartsTls is given without handler, respond or script;"
                            + " set one of them, or leave it out");
                }
                speaks = TlsOptions.startingInClear(speaks, "handlerStartsTls");
            }
            if (control != null) {
                HttpServerModule.require(control.address().toString());
            }
            ConnectionWire.Factory wires = speaks == null ? new ConnectionWire.Plain() : new TlsWire.Maker(speaks);
            boolean closesIdle = idleCloseNanos > 0 && (idleTimeoutNanos == 0 || idleCloseNanos < idleTimeoutNanos);
            return new ServerConfig(
                    addresses,
                    bindsEvery,
                    backlog,
                    bufferSize,
                    maxConnections,
                    closesIdle ? idleCloseNanos : idleTimeoutNanos,
                    closesIdle,
                    eventLoops,
                    faults.checked(bufferSize, used.countsMessages(), used.relays(), wires.speaksTls())
                            .checked(addresses, proxyProtocol != null),
                    spoken,
                    recordedBytes,
                    control == null || hasRecording ? recordedConnections : RECORDED_CONNECTIONS,
                    conversation == null
                            ? null
                            : hasTimes ? Conversation.timed(conversation) : new Conversation(conversation),
                    warnings,
                    used,
                    wires,
                    proxyProtocol,
                    speaks,
                    control);
        }

        /**
         * Builds a server and starts it.
         *
         * @return a new server that listens
         * @throws IOException as {@link EchoServer#start} says
         */
        public EchoServer start() throws IOException {
            return build().start();
        }
    }
}
