package org.echoharness.maven;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.echoharness.EchoClient;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that the goal {@code client} sends or expects, or a file of them. A file may be too large for the memory,
 * so that it is read each time.
 */
final class Message {

    private static final int HELD = 1 << 20;

    private final byte[] bytes; // empty for a file
    private final @Nullable Path file;
    private final long length;

    private Message(byte[] bytes, @Nullable Path file, long length) {
        this.bytes = bytes;
        this.file = file;
        this.length = length;
    }

    static Message of(byte[] bytes) {
        return new Message(bytes, null, bytes.length);
    }

    static Message of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Refuses a pipe and a device: they may never end, and each round trip reads the file again. */
    static Message of(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new FileSystemException(file.toString(), null, "it is no regular file");
        }
        long length = Files.size(file);
        return length > HELD ? new Message(new byte[0], file, length) : of(Files.readAllBytes(file));
    }

    /** Returns the number of bytes. */
    long length() {
        return length;
    }

    boolean isHeld() {
        return file == null;
    }

    /** Sends this message, and checks that the other one comes back. */
    void expect(Message expected, EchoClient client) throws IOException {
        if (isHeld() && expected.isHeld()) {
            client.expectEcho(bytes, expected.bytes);
            return;
        }
        try (InputStream message = open();
                InputStream answer = expected.open()) {
            client.expectEcho(message, answer);
        }
    }

    private InputStream open() throws IOException {
        return file != null ? Files.newInputStream(file) : new ByteArrayInputStream(bytes);
    }
}
