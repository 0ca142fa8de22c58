package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.EchoServer;

/** Fixtures with clients that leak, and the message that reports them. */
final class LeakyFixtures {

    static final String CLOSE_IT = "; close it in the test, or leave leaks out of checks";
    static final String READ_ALL = "; read all that comes before you close, or leave resets out of checks";
    static final String RESET_UNASKED =
            " from HOST:PORT was reset by the client, which no fault asked for; it last sent 5 bytes" + " \"hello\""
                    + READ_ALL;

    private static final List<Socket> OPEN = new ArrayList<>();

    private LeakyFixtures() {}

    static Socket connect(EchoServer server) throws IOException {
        Socket socket = new Socket(server.address().getAddress(), server.port());
        socket.setSoTimeout(50_000);
        return socket;
    }

    static void echoes(Socket socket) throws IOException {
        socket.getOutputStream().write("hello".getBytes(UTF_8));
        assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
    }

    static void leak(EchoServer server) throws IOException {
        Socket socket = connect(server);
        echoes(socket);
        keepOpen(socket);
    }

    static synchronized void keepOpen(Socket socket) {
        OPEN.add(socket);
    }

    static synchronized void closeAll() throws IOException {
        for (Socket socket : OPEN) {
            socket.close();
        }
        OPEN.clear();
    }

    static void reset(EchoServer server) throws IOException {
        try (Socket socket = connect(server)) {
            echoes(socket);
            socket.setSoLinger(true, 0);
        }
    }

    /** The message of the only failure, its ports replaced. */
    static String complaint(Run run) throws IOException {
        Throwable failure = run.failure();
        assertThat(failure).isExactlyInstanceOf(AssertionError.class);
        return text(failure);
    }

    static String text(Throwable failure) {
        return failure.getMessage().replaceAll("127\\.0\\.0\\.1:\\d+", "HOST:PORT");
    }

    static String on(Class<?> fixture) {
        return "server \"default\" (@EchoTest on " + fixture + "): ";
    }
}
