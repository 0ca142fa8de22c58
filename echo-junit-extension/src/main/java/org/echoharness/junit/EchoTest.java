package org.echoharness.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Declares an echo server for the tests of a class, or for one test method, and injects into parameters of the types
 * {@link org.echoharness.EchoServer}, {@link org.echoharness.EchoClient} and {@link org.echoharness.Recording} without
 * {@link Echo} as long as one server is visible.
 *
 * <pre>{@code
 * @EchoTest(bufferSize = "16")
 * class ChunksTest {
 *
 *     @Test
 *     void arriveInOrder(EchoClient client) throws IOException { ... }
 *
 *     @Test
 *     @EchoTest(maxConnections = "1") // a server of its own for this test
 *     void secondClientIsReset(EchoServer server, EchoClient first) { ... }
 * }
 *
 * @EchoTest(name = "primary")
 * @EchoTest(name = "replica")
 * class FailOverTest {
 *
 *     @Test
 *     void clientMovesToReplica(@Echo("primary") EchoServer primary, @Echo("replica") EchoServer replica) { ... }
 * }
 * }</pre>
 *
 * <p>You can put a declaration on an annotation of your own, and that annotation on classes and methods:
 *
 * <pre>{@code
 * @Retention(RetentionPolicy.RUNTIME)
 * @EchoTest(name = "upstream", faults = "random 10% seed 42: reset after 4")
 * @interface FlakyUpstream {}
 * }</pre>
 *
 * <p>If several declarations have one name, the nearest to the test counts, in this order: on the test method, on the
 * test class, on its interfaces and superclasses, on the enclosing classes of a {@code @Nested} one. A declaration on an
 * annotation applies wherever that annotation is put.
 *
 * <p>A server starts when it is first injected and lives as {@link Echo} or {@link #scope()} says. A server with a
 * fixed port, which code can reach without injection, starts before the tests: one for all tests of the class.
 *
 * <p>A failed test reports what happened on its connections: its exception carries a suppressed {@link EchoTranscript},
 * and transcript, page, pcapng file and script are published as a directory of the test, by JUnit's file publishing.
 *
 * <p>JUnit's configuration parameter {@code echo.timeout}, such as {@code 30s}, limits the time of each test and
 * lifecycle method that has no {@link org.junit.jupiter.api.Timeout @Timeout}; when the time is up, the extension ends
 * the connections, so that a blocked read returns, and the test fails. By default there is no limit.
 *
 * <p>Options are texts, in the words, units and defaults of {@link org.echoharness.EchoServer.Builder} and {@link
 * org.echoharness.EchoClient.Builder}; empty means the default. An {@link Source#EXTERNAL} server has the options that
 * it was started with; if it has {@code control}, those of its declaration apply for as long as that lives, except
 * {@code addresses}, {@code backlog}, {@code certificateFile} and {@code control}. All that a class and its methods
 * declare is checked before its first test runs. A declaration on a method that is no test, such as a {@code @BeforeEach} one, is
 * refused; if nothing else in the class makes JUnit load the extension, the declaration goes unnoticed.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@Repeatable(EchoTest.List.class)
@ExtendWith(JUnitVersion.class)
@ExtendWith(TimeoutAwareExtension.class)
public @interface EchoTest {

    /**
     * The name, which {@link Echo#value()} and the lookup of an external server use.
     *
     * @return a name, not blank
     */
    String name() default "default";

    /**
     * Where to listen: one or several of {@code host:port}, {@code [v6]:port} and {@code *:port} (every interface, both
     * families). Port 0 lets the kernel pick. {@code unix:PATH} is a Unix socket; {@code unix:} alone is a file in a private
     * temporary folder. Empty means {@code 127.0.0.1:0}.
     *
     * @return addresses
     */
    String[] addresses() default {};

    /**
     * How many connections the kernel queues before they are accepted: 1 to 65,535. Empty means 1,024.
     *
     * @return a whole number
     */
    String backlog() default "";

    /**
     * The most bytes that the server holds of one connection, and the most that it reads at once: {@code 1} to
     * {@code 1024MiB}. Empty means {@code 64KiB}.
     *
     * @return a size, such as {@code 16}, {@code 16KiB} or {@code 1MiB}
     */
    String bufferSize() default "";

    /**
     * How many connections are served at a time, 1 or more; one more is accepted and reset. Empty means {@code none}: no
     * limit.
     *
     * @return a whole number, or {@code none}
     */
    String maxConnections() default "";

    /**
     * How long a connection may move no byte, in or out, before it is reset: {@code 1ms} to 365 days. Empty means
     * {@code none}: no limit.
     *
     * @return a duration, such as {@code 50ms}, {@code 2s} or {@code 1m}, or {@code none}
     */
    String idleTimeout() default "";

    /**
     * How long a connection may move no byte, in or out, before it is closed with a FIN: {@code 1ms} to 365 days. The
     * shorter of this and {@link #idleTimeout()} applies. Empty means {@code none}: no limit.
     *
     * @return a duration, such as {@code 50ms}, {@code 2s} or {@code 1m}, or {@code none}
     */
    String idleClose() default "";

    /**
     * How many threads serve connections: 1 to 256. Empty means 1.
     *
     * @return a whole number
     */
    String eventLoops() default "";

    /**
     * What goes wrong, on which connections and when, as {@link org.echoharness.FaultPlan#parse} reads it. Empty means
     * {@code none}: a correct echo.
     *
     * @return a plan, such as {@code first 2: reset after 4; others: delay 50ms}
     */
    String faults() default "";

    /**
     * What the server expects of its clients and sends to them, as {@link org.echoharness.Script#parse} reads it. A
     * client that does something else is reset, and the test fails: see {@link #checks()}. A text block can hold a long
     * script. Empty means {@code none}: an echo.
     *
     * @return a script, such as {@code expect line 'PING', send 'PONG\n'}
     */
    String script() default "";

    /**
     * The file that has the script: a file, or a resource of the class path. It can also be a capture of packets, as {@link
     * org.echoharness.Script#ofCapture} describes. It is given in place of {@link #script()}.
     * Empty means {@code none}.
     *
     * @return the name of the file, such as {@code smtp.echo}
     */
    String scriptFile() default "";

    /**
     * The server that this one relays to in place of an echo. For each client, this server connects to that one, and passes
     * on what either side sends, except for the {@link #faults()}. For an address that is known only during the test, use
     * {@link EchoExtension} with {@link org.echoharness.EchoServer.Builder#upstream(java.util.function.Supplier)}. Empty
     * means {@code none}: an echo.
     *
     * @return {@code host:port}, {@code [v6]:port}, {@code unix:PATH} or {@code none}
     */
    String upstream() default "";

    /**
     * What a client gets if the {@link #upstream()} cannot be reached: {@code reset}, {@code close} or {@code stall}. Empty
     * means {@code reset}.
     *
     * @return one of these faults
     */
    String upstreamFailure() default "";

    /**
     * Makes the server speak TLS to its {@link #upstream()}, and says which certificates it trusts: those of a PEM file,
     * {@code system} those that the JDK trusts, or {@code insecure} any, with a warning. Empty means {@code none}: it passes on
     * what clients send, so that their TLS goes through untouched.
     *
     * @return the path of a file, {@code system}, {@code insecure} or {@code none}
     */
    String upstreamTls() default "";

    /**
     * Begins each connection to the {@link #upstream()} with a header of the PROXY protocol, which names the client: {@code v1},
     * one line of text, or {@code v2}, bytes. Empty means {@code none}.
     *
     * @return {@code v1}, {@code v2} or {@code none}
     */
    String upstreamProxyProtocol() default "";

    /**
     * Requires that each connection begins with a header of the PROXY protocol, which load balancers send, and which names the
     * client behind them: {@code v1}, {@code v2}, or {@code required} for either. The recording then has that client's address.
     * If a connection begins with something else, it is reset, and the test fails: see {@link #checks()}. Injected clients send no
     * header. Empty means {@code none}.
     *
     * @return {@code required}, {@code v1}, {@code v2} or {@code none}
     */
    String proxyProtocol() default "";

    /**
     * Makes the server speak TLS to its clients, and says with which certificate, which it makes in memory: {@code self-signed}
     * is right for localhost and the addresses that the server listens on; {@code expired} and {@code not-yet-valid} are not
     * valid now; {@code for NAME} is for another host. An injected {@code SSLContext} trusts the authority that signs all of
     * them. An injected {@code EchoClient} has completed the handshake, unless the {@link #script()} has {@code start tls}.
     * Empty means {@code none}: no TLS. {@link EchoExtension.Builder#server} also takes an {@code SSLContext} of your own.
     *
     * @return {@code none}, {@code self-signed}, {@code expired}, {@code not-yet-valid} or {@code for NAME}
     */
    String tls() default "";

    /**
     * The file to which a server with {@link #tls()} writes the certificate that its clients have to trust, as PEM, for clients
     * that are not in this JVM. The file is written before the server listens, and stays when it ends. Empty means {@code none}.
     *
     * @return the path of a file, such as {@code target/echo.pem}; a relative one begins at the working directory
     */
    String certificateFile() default "";

    /**
     * Whether the server records, for {@link org.echoharness.EchoServer#recording()} and for the report of a test that
     * fails: {@code on}, {@code none}, or the most bytes that are kept of each direction of a connection. Empty means
     * {@code on}: 64 KiB, of 1,000 connections.
     *
     * @return {@code on}, {@code none} or a size, such as {@code 1MiB}
     */
    String recording() default "";

    /**
     * The address at which other processes look at the server and control it by HTTP, for instance a person with a browser
     * during a test that is stopped in a debugger: {@link org.echoharness.EchoServer#controlUri()}. Empty means {@code none}.
     *
     * @return {@code host:port}, {@code [v6]:port}, {@code *:port} or {@code none}
     */
    String control() default "";

    /**
     * Where the server runs. By default it is embedded in this JVM.
     *
     * @return the source
     */
    Source source() default Source.EMBEDDED;

    /**
     * The address of an external server, {@code host:port}, {@code [v6]:port} or {@code unix:PATH}. Empty means: look it
     * up, as {@link Source} says.
     *
     * @return an address
     */
    String external() default "";

    /**
     * How long an injected client may take to connect, and how long the server may take to connect to its {@link
     * #upstream()}: {@code 1ms} to 365 days. Empty means {@code 5s}.
     *
     * @return a duration, such as {@code 50ms}, {@code 2s} or {@code 1m}
     */
    String connectTimeout() default "";

    /**
     * How long an injected client waits for bytes to move: {@code 1ms} to 365 days. Empty means {@code 5s}.
     *
     * @return a duration, such as {@code 50ms}, {@code 2s} or {@code 1m}
     */
    String readTimeout() default "";

    /**
     * The longest time for one call of an injected client that sends or receives, even if bytes keep moving: {@code
     * 1ms} to 365 days, or {@code none}. Empty means {@code none}.
     *
     * @return a duration, such as {@code 50ms}, {@code 2s} or {@code 1m}
     */
    String timeout() default "";

    /**
     * How long the server lives. By default the place that it is injected into decides.
     *
     * @return the scope
     */
    EchoScope scope() default EchoScope.INFERRED;

    /**
     * Whether transcript, page, pcapng file and script of a test that fails are published, beside the transcript in its exception.
     * Each run of the test replaces the files of the run before; a test that passes leaves none.
     *
     * @return whether files are written
     */
    boolean attachments() default true;

    /**
     * The checks at the end of a test that did not fail: {@code all}, {@code none}, or some of these, joined by commas.
     * If a check finds something, the test fails, with its transcript.
     *
     * <ul>
     *   <li>{@code leaks}: a connection that the test opened is still open after the last callback and after the
     *       injected clients were closed. The check waits as long as {@link #readTimeout()}, but at most 5 seconds. A
     *       connection that a fault of the server holds up counts only if it stays open without that fault, and one that
     *       the server behind a relay holds up only if the client has not closed it;
     *   <li>{@code resets}: a connection without a fault was reset, for instance by a client that gave up, but not by the
     *       server behind a relay, and not by a relay of the extension that had to. (If a client
     *       closes before it has read everything, its connection may seem to end in order, because its FIN comes
     *       first);
     *   <li>{@code faults}: a fault of {@link #faults()} was not applied to any connection by the time the server ends;
     *   <li>{@code script}: a client did not do what {@link #script()} expects, or left steps of it over, or did not begin
     *       with the header of {@link #proxyProtocol()}, or a handler of the server failed. It counts also if the client hid the reset from the test. If a fault took effect on the
     *       connection, steps may be left over. This check alone needs no recording.
     * </ul>
     *
     * <p>Empty means JUnit's configuration parameter {@code echo.checks}, with the same text, and without it the
     * default: {@code leaks}, on servers that live for one test, and {@code script}, at the end of the server. During
     * its life, a server that outlives the test is checked only if the attribute or the parameter asks for it, because
     * a connection to it may be meant to outlive the test too. Then the connections that came during the test belong to
     * the test. If tests shared the server in parallel, a connection
     * cannot be assigned to one of them; the check then runs at the end of the class. A server of the scope {@link
     * EchoScope#RUN} is not checked in that case; its problems with the script are printed at the end of the run. If the server turns out to be external and has no {@code
     * control}, or if {@code echo.checks} is set and this server records nothing, a report entry {@code echo.server.NAME} says that the checks cannot be
     * judged.
     *
     * @return names of checks
     */
    String checks() default "";

    /**
     * A prefix of system properties with the server's address, as long as it lives: {@code my.upstream} sets {@code
     * my.upstream.host}, {@code my.upstream.port} and {@code my.upstream.address}. Their earlier values are restored
     * afterwards. A server that is declared on a class then starts before anything else of that class and lives as long
     * as the class, even if it is injected nowhere; so an application context finds the properties, too. System
     * properties belong to the whole JVM: a second server that has the prefix at the same time is refused, unless tests
     * of one class run one after the other and the second is declared within the first. {@code @ResourceLock} keeps
     * classes apart. Empty means none.
     *
     * @return a prefix, without the dot at its end
     */
    String systemProperty() default "";

    /** Holds several declarations; the compiler adds it. */
    @Target({ElementType.TYPE, ElementType.METHOD})
    @Retention(RetentionPolicy.RUNTIME)
    @Documented
    @Inherited
    @interface List {

        /**
         * The declarations.
         *
         * @return one for each server
         */
        EchoTest[] value();
    }
}
