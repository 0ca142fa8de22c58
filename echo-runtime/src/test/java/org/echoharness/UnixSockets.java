package org.echoharness;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/** What tests do with Unix sockets: servers at a path of their own, and the files of sockets. */
final class UnixSockets {

    /** The mode of the file of a server. */
    static final String PRIVATE = "rw-------";

    private UnixSockets() {}

    /**
     * Starts a server that records, at the file {@code s} in this folder.
     *
     * @param options words and values, in turns
     */
    static EchoServer start(Path folder, String... options) throws IOException {
        EchoServer.Builder builder =
                EchoServer.builder().addresses("unix:" + folder.resolve("s")).recording();
        for (int i = 0; i < options.length; i += 2) {
            builder.set(options[i], options[i + 1]);
        }
        return builder.start();
    }

    static EchoClient connect(EchoServer server) throws IOException {
        return EchoClient.connect(server.socketAddress());
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    /** The names of all files in a folder. */
    static List<String> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(each -> each.getFileName().toString()).toList();
        }
    }

    /** The error of a server that starts where another one listens. */
    static String inUse(Path file) {
        return "cannot listen on unix:" + file
                + ": Address already in use; end what listens there, or take another path, or unix: alone";
    }

    /** Makes a socket to which nobody listens any more, as a process that was killed leaves it. */
    static Path leftOver(Path file) throws IOException {
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(file))
                .close();
        return file;
    }
}
