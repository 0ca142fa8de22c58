package org.echoharness.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Copies the projects that tests build, and checks their servers. */
final class Projects {

    private static final Path HOME = Path.of("src", "test", "projects");

    private Projects() {}

    static Path copy(String name, Path folder) throws IOException {
        Path copy = folder.resolve(name);
        try (Stream<Path> files = Files.walk(HOME.resolve(name))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(HOME.resolve(name).relativize(file)));
            }
        }
        return copy;
    }

    /** The ports that servers listened on, from the log of the build. */
    static List<Integer> ports(String log) {
        return Pattern.compile("server \\S+ listens on 127\\.0\\.0\\.1:(\\d+)")
                .matcher(log)
                .results()
                .map((MatchResult found) -> Integer.valueOf(found.group(1)))
                .toList();
    }

    static InetAddress loopback() throws IOException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    }

    static Socket connect(int port) throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(loopback(), port), 10_000);
        socket.setSoTimeout(30_000);
        return socket;
    }

    static void assertEchoes(int port) throws IOException {
        try (Socket socket = connect(port)) {
            socket.getOutputStream().write(42);
            assertThat(socket.getInputStream().read()).isEqualTo(42);
        }
    }

    /** Checks that nothing answers at the port and that a server can listen there. */
    static void assertFree(int port) throws IOException {
        assertThatThrownBy(() -> connect(port).close()).isInstanceOf(ConnectException.class);
        new ServerSocket(port, 1, loopback()).close();
    }
}
