package org.echoharness;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The message of a client, from {@code --message-file} or given: small ones are held in memory, others are read twice while they are echoed. */
final class MessageFile implements AutoCloseable {

    static final String OPTION = "--message-file";
    private static final String STANDARD_INPUT = "-";
    private static final int HELD = 1 << 20;

    private final byte @Nullable [] bytes; // null if they are not held
    private final @Nullable Path file;
    private final boolean isCopy;

    private MessageFile(byte @Nullable [] bytes, @Nullable Path file, boolean isCopy) {
        this.bytes = bytes;
        this.file = file;
        this.isCopy = isCopy;
    }

    static MessageFile of(byte[] bytes) {
        return new MessageFile(bytes, null, false);
    }

    /** Opens a file, or standard input for {@code -}; what can be read once only, and is large, is copied to a file. */
    static MessageFile open(String name, InputStream standardInput) throws IOException {
        boolean isInput = name.equals(STANDARD_INPUT);
        Path file;
        byte[] first;
        try {
            file = Path.of(name);
            try (InputStream in = isInput ? standardInput : Files.newInputStream(file)) {
                first = in.readNBytes(HELD + 1);
                if (first.length <= HELD) {
                    return of(first);
                }
                return !isInput && Files.isRegularFile(file)
                        ? new MessageFile(null, file, false)
                        : new MessageFile(null, copy(first, in), true);
            }
        } catch (CopyFailedException failed) {
            throw failed;
        } catch (IOException | InvalidPathException unreadable) {
            throw new Arguments.UsageException(OPTION + " " + Text.escape(name) + ": cannot be read ("
                    + unreadable.getClass().getSimpleName() + "); name a file that can");
        }
    }

    private static final class CopyFailedException extends IOException {
        private static final long serialVersionUID = 1L;

        CopyFailedException(Path copy, IOException cause) {
            super(
                    OPTION + ": the input could not be copied to " + copy + " (" + CompleteFile.reason(cause)
                            + "); make room there, or name a file",
                    cause);
        }
    }

    private static Path copy(byte[] first, InputStream rest) throws IOException {
        Path copy = Files.createTempFile("echo-message", null);
        copy.toFile().deleteOnExit(); // a signal may end the process while it is in use
        try (InputStream all = new SequenceInputStream(new ByteArrayInputStream(first), rest);
                OutputStream out = Files.newOutputStream(copy)) {
            all.transferTo(out);
            return copy;
        } catch (IOException failed) {
            Files.deleteIfExists(copy);
            throw new CopyFailedException(copy, failed);
        }
    }

    /** Sends it, and checks that it comes back. */
    void expectEcho(EchoClient client) throws IOException {
        if (bytes != null) {
            client.expectEcho(bytes);
            return;
        }
        Path file = Objects.requireNonNull(this.file);
        try (InputStream message = Files.newInputStream(file);
                InputStream expected = Files.newInputStream(file)) {
            client.expectEcho(message, expected);
        }
    }

    @Override
    public void close() throws IOException {
        if (isCopy && file != null) {
            Files.deleteIfExists(file);
        }
    }
}
