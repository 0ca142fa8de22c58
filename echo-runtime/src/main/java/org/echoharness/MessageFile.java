package org.echoharness;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * The message of a client, from {@code --message-file} or given. A small file is held in memory and a large one is read
 * twice while it is echoed. Standard input, a pipe or a device is sent as it comes.
 */
final class MessageFile implements AutoCloseable {

    static final String OPTION = "--message-file";
    private static final String STANDARD_INPUT = "-";
    private static final int HELD = 1 << 20;
    private static final Path FIRST_DESCRIPTOR = Path.of("/proc/self/fd/0");

    private final byte @Nullable [] bytes; // null if they are not held
    private final @Nullable Path file;
    private final MessageInput.@Nullable Source source;
    private @Nullable MessageInput input;

    private MessageFile(byte @Nullable [] bytes, @Nullable Path file, MessageInput.@Nullable Source source) {
        this.bytes = bytes;
        this.file = file;
        this.source = source;
    }

    static MessageFile of(byte[] bytes) {
        return new MessageFile(bytes, null, null);
    }

    /** Opens a file, or standard input for {@code -}; what may block is opened later, within the time-out. */
    static MessageFile open(String name, InputStream standardInput) {
        if (name.equals(STANDARD_INPUT)) {
            checkOpen(standardInput);
            return new MessageFile(null, null, () -> unclosed(standardInput));
        }
        try {
            Path file = Path.of(name);
            if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
                return new MessageFile(null, null, () -> Files.newInputStream(file));
            }
            try (InputStream in = Files.newInputStream(file)) {
                byte[] first = in.readNBytes(HELD + 1);
                if (first.length == 0) {
                    throw new Arguments.UsageException(OPTION + " " + Escaping.escape(name)
                            + ": is empty, so that no echo would be checked; name a file that is not");
                }
                return first.length <= HELD ? of(first) : new MessageFile(null, file, null);
            }
        } catch (IOException | InvalidPathException unreadable) {
            throw new Arguments.UsageException(OPTION + " " + Escaping.escape(name) + ": cannot be read ("
                    + FileErrorText.reason(unreadable) + "); name a file that can");
        }
    }

    /** Where a process is started without standard input, the number 0 is that of a file of the JVM's, on Linux. */
    private static void checkOpen(InputStream standardInput) {
        if (standardInput != System.in) {
            return;
        }
        try {
            Path jdk = Path.of(System.getProperty("java.home", "")).toRealPath();
            if (FIRST_DESCRIPTOR.toRealPath().startsWith(jdk)) {
                throw new Arguments.UsageException(OPTION + " " + STANDARD_INPUT
                        + ": standard input is closed; leave it open, such as by < FILE, or name a file");
            }
        } catch (IOException isNoPath) {
            return; // a pipe, or a platform that does not show it
        }
    }

    /** Standard input stays open: if it is a file of the JVM's, the JVM would crash. */
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

    /** Sends it, and checks that it comes back. */
    void expectEcho(EchoClient client) throws IOException {
        if (bytes != null) {
            client.expectEcho(bytes);
        } else if (source != null) {
            input = MessageInput.reading(source);
            client.expectEcho(input);
        } else {
            Path file = Objects.requireNonNull(this.file);
            long length = length(file); // it may grow
            try (InputStream message = open(file, length);
                    InputStream expected = open(file, length)) {
                client.expectEcho(message, expected);
            }
        }
    }

    private static long length(Path file) throws InputFailedException {
        try {
            return Files.size(file);
        } catch (IOException gone) {
            throw new InputFailedException(gone);
        }
    }

    private static InputStream open(Path file, long length) throws InputFailedException {
        try {
            return new HeadOfFile(Files.newInputStream(file), length);
        } catch (IOException gone) {
            throw new InputFailedException(gone);
        }
    }

    @Override
    public void close() {
        if (input != null) {
            input.close();
        }
    }

    /** The first bytes of a file. */
    private static final class HeadOfFile extends FilterInputStream {
        private long left;

        HeadOfFile(InputStream file, long length) {
            super(file);
            left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] to, int from, int length) throws IOException {
            int n = left == 0 ? -1 : super.read(to, from, (int) Math.min(left, length));
            left -= Math.max(n, 0);
            return n;
        }
    }
}
