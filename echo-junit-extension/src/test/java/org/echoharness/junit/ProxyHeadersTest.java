package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.LeakyFixtures.complaint;
import static org.echoharness.junit.LeakyFixtures.connect;
import static org.echoharness.junit.LeakyFixtures.on;

import java.io.IOException;
import java.net.Socket;
import java.util.Map;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The check {@code script} of servers whose connections must begin with the header of a proxy. */
@Timeout(60)
class ProxyHeadersTest {

    private static final String LINE = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
    private static final String PROBLEM =
            "a header was wrong: connection 1, PROXY header: expected a PROXY header of version ";
    private static final String CORRECT = "; correct the client or proxyProtocol, or leave script out of checks";

    private static void says(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
    }

    /** Does not look whether the server resets the connection. */
    private static void saysAndCloses(EchoServer server, String bytes) throws IOException {
        try (Socket socket = connect(server)) {
            says(socket, bytes);
        }
    }

    @EchoTest(proxyProtocol = "v1")
    static class RightHeader {
        @Test
        void isBehindProxy(EchoServer server) throws IOException {
            try (Socket socket = connect(server)) {
                says(socket, LINE + "hello");
                assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
            }
            connect(server).close(); // as a health check does
        }
    }

    @Test
    void rightHeaderPasses() throws IOException {
        Run.of(RightHeader.class).passed(1);
        Run.with(Map.of("echo.checks", "all"), RightHeader.class).passed(1);
    }

    @EchoTest(proxyProtocol = "required")
    static class NoHeader {
        @Test
        void speaksWithoutProxy(EchoServer server) throws IOException {
            saysAndCloses(server, "GET / HTTP/1.1\r\n");
        }
    }

    @EchoTest(proxyProtocol = "v2", recording = "none")
    static class OtherVersion {
        @Test
        void speaksVersion1(EchoServer server) throws IOException {
            saysAndCloses(server, LINE + "hello");
        }
    }

    @EchoTest(proxyProtocol = "v1", checks = "script")
    static class CutHeader {
        @Test
        void endsTooEarly(EchoServer server) throws IOException {
            saysAndCloses(server, "PROXY TCP4 192.0.2.1");
        }
    }

    static class HeaderByCode {
        @RegisterExtension
        final EchoExtension echo = EchoExtension.builder()
                .server(server -> server.proxyProtocol("v1"))
                .build();

        @Test
        void speaksWithoutProxy(EchoServer server) throws IOException {
            saysAndCloses(server, "hello");
        }
    }

    @Test
    void wrongHeaderFailsTestThatDoesNotLook() throws IOException {
        assertThat(complaint(Run.of(NoHeader.class)))
                .startsWith(on(NoHeader.class) + PROBLEM + "1 or 2, seen \"GET / HTTP/1")
                .endsWith(CORRECT);
        assertThat(complaint(Run.of(OtherVersion.class)))
                .startsWith(on(OtherVersion.class) + PROBLEM + "2, seen \"PROXY TCP4 ")
                .endsWith(CORRECT);
        assertThat(complaint(Run.of(CutHeader.class)))
                .isEqualTo(on(CutHeader.class) + PROBLEM + "1, seen the client's FIN after \"PROXY TCP4 192.0.2.1\""
                        + CORRECT);
        assertThat(complaint(Run.of(HeaderByCode.class)))
                .contains(PROBLEM + "1, seen \"hello\"")
                .endsWith(CORRECT);
    }

    @EchoTest(proxyProtocol = "v1", checks = "leaks, resets")
    static class OptedOut extends NoHeader {}

    @Test
    void checksMayLeaveItOut() throws IOException {
        Run.of(OptedOut.class).passed(1);
        Run.with(Map.of("echo.checks", "none"), NoHeader.class).passed(1);
    }

    @EchoTest(proxyProtocol = "v1")
    static class FailingToo {
        @Test
        void fails(EchoServer server) throws IOException {
            saysAndCloses(server, "hello");
            throw new IllegalStateException("on purpose");
        }
    }

    @Test
    void failedTestShowsHeaderFirst() throws IOException {
        Throwable failure = Run.of(FailingToo.class).failure();

        assertThat(failure).hasMessage("on purpose");
        assertThat(failure.getSuppressed()[0]).hasMessage(on(FailingToo.class) + PROBLEM + "1, seen \"hello\"");
        assertThat(failure.getSuppressed()[1]).asString().contains("mismatch");
    }
}
