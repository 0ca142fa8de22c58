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
import org.echoharness.EchoClient;

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

    /** Addresses for a server: a port, the file of a Unix socket in this folder, and one in a private folder. */
    static String addresses(Path folder) {
        return "echo.addresses=127.0.0.1:0,unix:" + folder.resolve("s") + ",unix:";
    }

    /** The files of the Unix sockets that servers listened on, from the log of the build. */
    static List<Path> files(String log) {
        return Pattern.compile("(?<=listens on |starting up on |, )unix:([^,\\n]+)")
                .matcher(log)
                .results()
                .map((MatchResult found) -> Path.of(found.group(1)))
                .toList();
    }

    /** The ports that servers and their HTTP interfaces listened on, from the log of the build. */
    static List<Integer> ports(String log) {
        return Pattern.compile("(?:server \\S+ listens on |control at http://)127\\.0\\.0\\.1:(\\d+)")
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

    static void assertEchoes(Path file) throws IOException {
        try (EchoClient client = EchoClient.connect("unix:" + file)) {
            client.expectEcho(new byte[] {42});
        }
    }

    /** Sends a byte with TLS to the server at this Unix socket, and trusts the certificate in the other file alone. */
    static void assertEchoes(Path file, Path certificate) throws IOException {
        try (EchoClient client = EchoClient.builder()
                .address("unix:" + file)
                .tls(certificate.toString())
                .connect()) {
            client.expectEcho(new byte[] {42});
        }
    }

    /** Checks that the file at the path of {@link #addresses} and that of a private folder are gone, with the folder. */
    static void assertGone(List<Path> files, Path folder) throws IOException {
        assertThat(files).hasSize(2).first().isEqualTo(folder.resolve("s"));
        assertThat(folder.resolve("s")).doesNotExist();
        assertThat(files.get(1).getParent()).doesNotExist();
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).noneMatch(file -> file.getFileName().toString().startsWith("."));
        }
    }

    /** Checks that nothing answers at the port and that a server can listen there. */
    static void assertFree(int port) throws IOException {
        assertThatThrownBy(() -> connect(port).close()).isInstanceOf(ConnectException.class);
        new ServerSocket(port, 1, loopback()).close();
    }
}
