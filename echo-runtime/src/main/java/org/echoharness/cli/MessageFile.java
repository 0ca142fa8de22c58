package org.echoharness.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.echoharness.EchoClient;
import org.echoharness.text.Escaping;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;

/**
 * The message of a client, from {@code --message-file} or from bytes. A small file is held in memory. A large one is read
 * twice while it is echoed. Standard input, a pipe or a device is sent as it is read.
 */
final class MessageFile {

    static final String OPTION = "--message-file";
    private static final String STANDARD_INPUT = "-";
    private static final int HELD = 1 << 20;
    private static final Path FIRST_DESCRIPTOR = Path.of("/proc/self/fd/0");

    /** Sends the message through a client, and checks that it comes back. */
    private interface Exchange {
        void with(EchoClient client) throws IOException;
    }

    private final Exchange exchange;

    private MessageFile(Exchange exchange) {
        this.exchange = exchange;
    }

    static MessageFile of(byte[] bytes) {
        return new MessageFile(client -> client.expectEcho(bytes));
    }

    /** Opens a file, or standard input for {@code -}. A pipe or device may block, so it is opened within the time-out. */
    static MessageFile open(String name, InputStream standardInput) {
        if (name.equals(STANDARD_INPUT)) {
            checkOpen(standardInput);
            return new MessageFile(client -> client.expectEcho(unclosed(standardInput)));
        }
        try {
            Path file = Path.of(name);
            if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
                return new MessageFile(client -> client.expectEcho(new OpenedLater(file)));
            }
            try (InputStream in = Files.newInputStream(file)) {
                byte[] first = in.readNBytes(HELD + 1);
                if (first.length == 0) {
                    throw new CommandArguments.UsageException(OPTION + " " + Escaping.escape(name)
                            + ": is empty, so that no echo would be checked; name a file that is not");
                }
                return first.length <= HELD ? of(first) : readTwice(file);
            }
        } catch (IOException | InvalidPathException unreadable) {
            throw new CommandArguments.UsageException(OPTION + " " + Escaping.escape(name) + ": cannot be read ("
                    + FileErrorText.reason(unreadable) + "); name a file that can");
        }
    }

    /** Refuses closed standard input. On Linux, file descriptor 0 then belongs to a file that the JVM has opened. */
    private static void checkOpen(InputStream standardInput) {
        if (standardInput != System.in) {
            return;
        }
        try {
            Path jdk = Path.of(System.getProperty("java.home", "")).toRealPath();
            if (FIRST_DESCRIPTOR.toRealPath().startsWith(jdk)) {
                throw new CommandArguments.UsageException(OPTION + " " + STANDARD_INPUT
                        + ": standard input is closed; leave it open, such as by < FILE, or name a file");
            }
        } catch (IOException isNoPath) {
            return; // a pipe, or a platform that does not show it
        }
    }

    /** Keeps standard input open. If its descriptor belonged to a file of the JVM, closing it would crash the JVM. */
    private static InputStream unclosed(InputStream in) {
        return new FilterInputStream(in) {
            @Override
            public int read(byte[] to, int from, int length) throws IOException {
                return in.read(to, from, length);
            }

            @Override
            public void close() {}
        };
    }

    private static MessageFile readTwice(Path file) throws IOException {
        long length = Files.size(file); // it may grow
        return new MessageFile(client -> {
            try (InputStream message = new HeadOfFile(file, length);
                    InputStream expected = new HeadOfFile(file, length)) {
                client.expectEcho(message, expected);
            }
        });
    }

    /** Sends the message, and checks that it comes back. */
    void expectEcho(EchoClient client) throws IOException {
        exchange.with(client);
    }

    /** A file that is opened by the first read. Opening a pipe blocks until it has a writer. */
    private static class OpenedLater extends InputStream {
        private final Path file;
        private @Nullable InputStream opened;

        OpenedLater(Path file) {
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] to, int from, int length) throws IOException {
            if (opened == null) {
                opened = Files.newInputStream(file);
            }
            return opened.read(to, from, length);
        }

        @Override
        public void close() throws IOException {
            if (opened != null) {
                opened.close();
            }
        }
    }

    /** The first bytes of a file. */
    private static final class HeadOfFile extends OpenedLater {
        private long left;

        HeadOfFile(Path file, long length) {
            super(file);
            left = length;
        }

        @Override
        public int read(byte[] to, int from, int length) throws IOException {
            int n = left == 0 ? -1 : super.read(to, from, (int) Math.min(left, length));
            left -= Math.max(n, 0);
            return n;
        }
    }
}
