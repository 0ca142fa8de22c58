package org.echoharness.dialogue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.echoharness.script.Data;
import org.echoharness.script.FrameLength;
import org.echoharness.text.Template;
import org.jspecify.annotations.Nullable;

/** What one step sends: constant bytes, captures, files, and the lengths of frames around them. Immutable. */
final class SendTemplate {

    /** The number of a name that the script does not capture. */
    static final int UNKNOWN = -1;

    private static final int CHUNK = 64 << 10;

    /** A part of what is sent. */
    private sealed interface Piece {}

    private static final class Literal implements Piece {
        private final byte[] bytes;

        Literal(byte[] bytes) {
            this.bytes = bytes;
        }
    }

    private record Capture(String name, int number) implements Piece {}

    private record Source(DataSource source) implements Piece {}

    /** The length of a frame whose body is this many pieces, which follow it. */
    private record Length(FrameLength length, int pieces) implements Piece {}

    private final List<Piece> pieces;

    /**
     * @param numbers gives each name its number in {@link Captures}, or {@link #UNKNOWN}
     * @param finder finds files
     */
    SendTemplate(List<Data> data, ToIntFunction<String> numbers, DataSource.Finder finder) {
        List<Piece> all = new ArrayList<>();
        for (Data each : data) {
            add(each, numbers, finder, all);
        }
        pieces = joined(all);
    }

    private static void add(Data data, ToIntFunction<String> numbers, DataSource.Finder finder, List<Piece> pieces) {
        if (data instanceof Data.Text text) {
            for (Template.Part part : Template.of(text.template(), false).parts()) {
                if (part instanceof Template.Gap gap && numbers.applyAsInt(gap.name()) != UNKNOWN) {
                    pieces.add(new Capture(gap.name(), numbers.applyAsInt(gap.name())));
                } else {
                    String latin1 = part instanceof Template.Literal literal ? literal.latin1() : part.toString();
                    pieces.add(new Literal(latin1.getBytes(StandardCharsets.ISO_8859_1)));
                }
            }
        } else if (data instanceof Data.File file) {
            pieces.add(new Source(finder.find(file.name())));
        } else if (data instanceof Data.Frame frame) {
            List<Piece> body = new ArrayList<>();
            for (Data each : frame.body()) {
                add(each, numbers, finder, body);
            }
            body = joined(body);
            if (body.stream().allMatch(Literal.class::isInstance)) {
                int size = body.stream()
                        .mapToInt(each -> ((Literal) each).bytes.length)
                        .sum();
                pieces.add(new Literal(frame.length().encode(size)));
            } else {
                pieces.add(new Length(frame.length(), body.size()));
            }
            pieces.addAll(body);
        }
    }

    /** Joins constant bytes that follow one another, except across the border of a frame's body. */
    private static List<Piece> joined(List<Piece> pieces) {
        if (pieces.stream().anyMatch(Length.class::isInstance)) {
            return List.copyOf(pieces);
        }
        List<Piece> joined = new ArrayList<>();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Piece piece : pieces) {
            if (piece instanceof Literal literal) {
                bytes.writeBytes(literal.bytes);
                continue;
            }
            if (bytes.size() > 0) {
                joined.add(new Literal(bytes.toByteArray()));
                bytes.reset();
            }
            joined.add(piece);
        }
        if (bytes.size() > 0) {
            joined.add(new Literal(bytes.toByteArray()));
        }
        return List.copyOf(joined);
    }

    /** How far one send has come. A dialogue has one, and uses it for all its sends. */
    static final class Cursor {
        private int piece;
        private int offset;
        private byte[] length = {}; // of the frame that has begun last
        private @Nullable FrameLength lengthOf; // how it is encoded
        private long body; // the size of that frame's body
        private boolean hasLength; // of the frame that begins
        private @Nullable ReadableByteChannel open;
        private @Nullable ByteBuffer chunk;
        private long left; // of the file

        /** Closes a file that is open. */
        void close() throws IOException {
            ReadableByteChannel file = open;
            open = null;
            chunk = null;
            if (file != null) {
                file.close();
            }
        }
    }

    /**
     * Puts as much as there is room for. Returns whether all was put; the cursor is at the beginning then.
     *
     * @throws IllegalStateException if a capture has no value
     * @throws IllegalArgumentException if a body does not fit its length
     * @throws IOException if a file cannot be read, or has become shorter
     */
    boolean put(Outlet out, Captures captures, Cursor cursor) throws IOException {
        while (cursor.piece < pieces.size()) {
            Piece piece = pieces.get(cursor.piece);
            if (!put(piece, out, captures, cursor)) {
                return false;
            }
            cursor.piece++;
            cursor.offset = 0;
            cursor.hasLength = false;
        }
        cursor.piece = 0;
        return true;
    }

    private boolean put(Piece piece, Outlet out, Captures captures, Cursor cursor) throws IOException {
        if (piece instanceof Literal literal) {
            return put(literal.bytes, literal.bytes.length, out, cursor);
        }
        if (piece instanceof Capture capture) {
            return put(value(capture, captures), captures.length(capture.number()), out, cursor);
        }
        if (piece instanceof Source source) {
            return put(source.source(), out, cursor);
        }
        if (!cursor.hasLength) {
            encode(((Length) piece).length(), body(cursor.piece, captures), cursor);
        }
        return put(cursor.length, cursor.length.length, out, cursor);
    }

    /** Keeps the bytes for the next time, when the body often has the same size. */
    private static void encode(FrameLength length, long body, Cursor cursor) {
        if (cursor.body != body || !length.equals(cursor.lengthOf)) {
            cursor.length = length.encode(body);
            cursor.lengthOf = length;
            cursor.body = body;
        }
        cursor.hasLength = true;
    }

    /** Returns an array that begins with the value. */
    private static byte[] value(Capture capture, Captures captures) {
        byte[] value = captures.array(capture.number());
        if (value == null) {
            throw new IllegalStateException("{" + capture.name() + "} is sent, and nothing was captured for it yet");
        }
        return value;
    }

    /** Returns the size of the body of the frame whose length is this piece. */
    private long body(int length, Captures captures) throws IOException {
        long size = 0;
        int end = length + 1 + ((Length) pieces.get(length)).pieces();
        for (int i = length + 1; i < end; i++) {
            Piece piece = pieces.get(i);
            if (piece instanceof Literal literal) {
                size += literal.bytes.length;
            } else if (piece instanceof Capture capture) {
                value(capture, captures); // fails if there is none
                size += captures.length(capture.number());
            } else if (piece instanceof Source source) {
                size += source.source().size();
            } else {
                size += ((Length) piece).length().encode(body(i, captures)).length;
            }
        }
        return size;
    }

    private static boolean put(byte[] bytes, int length, Outlet out, Cursor cursor) {
        int count = Math.min(length - cursor.offset, out.room());
        if (count > 0) {
            out.put(bytes, cursor.offset, count);
            cursor.offset += count;
        }
        return cursor.offset == length;
    }

    private static boolean put(DataSource source, Outlet out, Cursor cursor) throws IOException {
        ReadableByteChannel open = cursor.open;
        ByteBuffer chunk = cursor.chunk;
        if (open == null || chunk == null) {
            open = source.open();
            chunk = ByteBuffer.allocate(CHUNK);
            cursor.open = open;
            cursor.chunk = chunk;
            cursor.left = source.size();
        }
        while (cursor.left > 0 && out.room() > 0) {
            chunk.clear().limit((int) Math.min(Math.min(cursor.left, CHUNK), out.room()));
            int count = open.read(chunk);
            if (count < 0) {
                throw new IOException("a file that is sent has become shorter by " + cursor.left + " bytes");
            }
            out.put(chunk.flip());
            cursor.left -= count;
        }
        if (cursor.left > 0) {
            return false;
        }
        cursor.close();
        return true;
    }
}
