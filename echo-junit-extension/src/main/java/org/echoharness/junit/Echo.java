package org.echoharness.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Injects an echo server, or what belongs to it, into a field or a parameter of a constructor, lifecycle method or test
 * method. It needs nothing else: if no {@link EchoTest} or {@link EchoExtension} declares a server, there is one called
 * {@code default}, with every option at its default.
 *
 * <pre>{@code
 * class GreetingTest {
 *
 *     @Echo
 *     EchoServer server;
 *
 *     @Test
 *     void messageComesBack(@Echo EchoClient client) throws IOException {
 *         client.expectEcho("hello".getBytes(UTF_8));
 *     }
 * }
 * }</pre>
 *
 * <p>The type of the field or parameter decides what is injected:
 *
 * <ul>
 *   <li>{@link org.echoharness.EchoServer}: the server, running;
 *   <li>{@link org.echoharness.EchoClient}: a connection of its own to the server, for each place;
 *   <li>{@link java.util.function.Supplier Supplier&lt;EchoClient&gt;}: a new connection at each {@code get()}, which
 *       throws {@link java.io.UncheckedIOException} if the connect fails;
 *   <li>{@link java.net.InetSocketAddress}: an address at which a client on this machine reaches the server; a name is
 *       resolved within the connect time-out;
 *   <li>{@link java.net.URI}: the same as {@code tcp://127.0.0.1:40123} or {@code tcp://[::1]:40123}, or {@code
 *       unix:/tmp/echo.sock} for a Unix socket;
 *   <li>{@code int}: the port of that address;
 *   <li>{@link java.net.UnixDomainSocketAddress} or {@link java.nio.file.Path}: the address or the file of the server's
 *       Unix socket, if it has an address such as {@code unix:};
 *   <li>{@link javax.net.ssl.SSLContext}, {@link javax.net.ssl.SSLSocketFactory} or {@link
 *       java.security.cert.X509Certificate}: what a client needs to trust a server that speaks {@link EchoTest#tls() TLS},
 *       and the certificate that is trusted;
 *   <li>{@link org.echoharness.Recording}: what happened on the connections of the server.
 * </ul>
 *
 * <p>A server in another process ({@link Source#EXTERNAL}) is injected as all of these types if it has the option {@code
 * control}, and otherwise as all except {@code EchoServer} and {@code Recording}.
 *
 * <p>A server starts when it is first injected. The place decides how long it lives, unless {@link EchoTest#scope()}
 * does:
 *
 * <ul>
 *   <li>for the class: a static field, a parameter of a {@code @BeforeAll} or {@code @AfterAll} method; with
 *       {@link org.junit.jupiter.api.TestInstance.Lifecycle#PER_CLASS PER_CLASS}, every place in the class. The
 *       invocations of a {@code @ParameterizedClass} share it;
 *   <li>for one test: an instance field, a parameter of a constructor, of a {@code @BeforeEach}, {@code @AfterEach} or
 *       test method. Each invocation of a repeated or parameterized test is a test of its own; the tests of one
 *       {@code @TestFactory} method share one.
 * </ul>
 *
 * <p>Within a test a name means one server: all places share it. If a server of this name lives for the class already, a
 * place with a shorter life gets that server, in {@code @Nested} classes too. A client lives as long as its place; in a
 * parameter of a test, {@code @BeforeEach} or {@code @AfterEach} method, it always lives for the test. The same applies
 * to the clients of a supplier. Afterwards the supplier connects no more, but throws an exception. Clients are closed
 * before servers. Tests may run in parallel; only a static field that several classes inherit belongs to one of them at
 * a time. Static fields are null, or 0, again after the class.
 *
 * <p>A field may be private but not final, and nothing else may set it.
 */
@Target({ElementType.FIELD, ElementType.PARAMETER, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@NeedsJUnit(NeedsJUnit.Oldest.V5_12_2)
@ExtendWith(JUnitVersion.class)
@ExtendWith(TimeoutAwareExtension.class)
public @interface Echo {

    /**
     * The name of the server: {@link EchoTest#name()} of the declaration that is nearest to the test.
     *
     * @return a name that is declared, or {@code default}
     */
    String value() default "default";
}
