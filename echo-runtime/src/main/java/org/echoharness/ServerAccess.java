package org.echoharness;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.echoharness.script.ServedConnection;
import org.jspecify.annotations.Nullable;

/**
 * What an {@link EchoServer} can do, whether the server runs in this process or in another one. Any thread may call it.
 * {@link EchoServer} says what each method does and throws.
 */
interface ServerAccess {

    void start() throws IOException;

    void close();

    boolean awaitClose(Duration timeout) throws InterruptedException;

    boolean isRunning();

    /** Returns the error that made the server close by itself, or null. */
    @Nullable
    Throwable failure();

    /** Returns the addresses that are bound; none before the start. */
    List<SocketAddress> addresses();

    List<ServerAddress> configuredAddresses();

    /** Returns the address of the HTTP interface, or null without one. */
    @Nullable
    URI controlUri();

    @Nullable
    String controlToken();

    /**
     * Returns how another server of this process joins the HTTP interface.
     *
     * @param id the name of the other server in it
     */
    ServerConfig.Control joinedControl(String id);

    /** Returns whether the server has the option tls. */
    boolean hasTls();

    /** Returns whether connections begin in clear text, until a script or a handler starts TLS. */
    boolean startsInClear();

    /** Returns the certificate that a client has to trust, or null if there is none or if it is not known. */
    @Nullable
    X509Certificate certificate();

    /** Returns what trusts that certificate. Called if the server has the option tls; throws if the certificate is not known. */
    SSLContext sslContext();

    ConnectionCounters counters();

    /**
     * Starts a session.
     *
     * @param timeout the longest time to wait for the end of another session
     */
    ServerAccess session(Map<String, String> options, Duration timeout) throws IOException;

    /** Returns the recording, or null if nothing is recorded. */
    Recording.@Nullable Source recording();

    ServedConnection connection(long number);

    Script script();

    List<ScriptProblem> scriptProblems();

    long scriptProblemsLeftOut();

    boolean echoes();

    boolean relays();

    List<ScriptProblem> unfinishedScripts();

    FaultPlan faults();

    void setFaults(FaultPlan plan);

    void setFaultsOfAll(FaultPlan plan);

    boolean catchUp(Duration timeout);

    void acceptPending();

    void refuse();

    void refuse(Duration time);

    void restart(Duration downTime);

    void unanswered();

    void resume();

    void freeze(boolean frozen);

    /** Ends all connections, with a FIN if that is {@code clean} and otherwise with an RST. */
    void endConnections(boolean clean);

    void resetConnection(long number);
}
