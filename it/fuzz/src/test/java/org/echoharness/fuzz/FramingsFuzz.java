package org.echoharness.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.echoharness.script.FrameLength;
import org.echoharness.script.Framing;
import org.echoharness.script.Framings;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Streams that are cut into messages. The messages are those of a simple model, whatever the cuts are, and nothing is
 * delivered that was not sent. The first byte of an input chooses the framing, the next two are its parameter, and the
 * fourth is the seed of the cuts.
 */
class FramingsFuzz {

    private static final int HEADER = 4;
    private static final List<FrameLength> LENGTHS = List.of(
            FrameLength.U8,
            FrameLength.U16,
            FrameLength.U24,
            FrameLength.U32,
            FrameLength.VARINT,
            FrameLength.U16.littleEndian(),
            FrameLength.U24.littleEndian(),
            FrameLength.U32.littleEndian());
    private static final String FAILED = "a length that is none"; // stands after the messages before it

    static Stream<Arguments> seeds() {
        return Stream.of(
                seed("lines", 0, 0, "a\r\nb\n\r\n\r\r\n\nc"),
                seed("lines of Latin-1", 1, 0, "\u00e4\n\u00ff\r\n"),
                seed("delimiter", 2, 1, "aab\0aa\0\0b"),
                seed("delimiter that overlaps itself", 2, 2, "ababaab"),
                seed("fixed", 3, 3, "abcdefgh"),
                seed("u8", 4, 0, "\2ab\0\1c"),
                seed("u16", 5, 0, "\0\2ab\0\0\0\5c"),
                seed("u24 le minus 3", 10, 253, "\5\0\0ab\3\0\0\2\0\0"),
                seed("u32", 7, 0, "\0\0\0\1a\u00ff\u00ff\u00ff\u00ff"),
                seed("varint", 8, 0, "\u0081\0a\u00ff\u00ff\u00ff\u00ff\u000fb"),
                seed("varint plus 1", 8, 1, "\0a\1bc"));
    }

    private static Arguments seed(String name, int framing, int parameter, String stream) {
        byte[] header = {(byte) framing, (byte) ((byte) parameter >> 7), (byte) parameter, 7};
        return Inputs.seed(name, Inputs.joined(header, stream.getBytes(ISO_8859_1)));
    }

    @MethodSource("seeds")
    @FuzzTest
    void framing(byte[] input) {
        if (input.length < HEADER) {
            return;
        }
        int parameter = ByteBuffer.wrap(input).getShort(1);
        byte[] stream = Inputs.rest(input, HEADER);
        switch (Math.floorMod(input[0], 12)) {
            case 0 -> same(Framings.lines(), Model.lines(stream, UTF_8), stream, input[3]);
            case 1 -> same(Framings.lines(ISO_8859_1, "\n"), Model.lines(stream, ISO_8859_1), stream, input[3]);
            case 2 -> {
                String delimiter = List.of("\0", "ab", "aab", "\u00e4").get(Math.floorMod(parameter, 4));
                same(Framings.delimiter(delimiter), Model.delimited(stream, delimiter), stream, input[3]);
            }
            case 3 -> {
                int size = 1 + Math.floorMod(parameter, 300);
                same(Framings.fixed(size), Model.fixed(stream, size), stream, input[3]);
            }
            default -> {
                FrameLength plain = LENGTHS.get(Math.floorMod(input[0], 12) - 4);
                FrameLength length = new FrameLength(plain.kind(), plain.isLittleEndian(), parameter);
                same(Framings.frame(length), Model.frames(stream, length), stream, input[3]);
            }
        }
    }

    private static <M> void same(Framing<M> framing, Model<M> model, byte[] stream, int seed) {
        List<Object> whole = read(framing, stream, new int[] {stream.length});
        assertThat(whole).usingRecursiveComparison().isEqualTo(model.messages());
        Random random = new Random(seed);
        int[] cuts = new int[1 + random.nextInt(8)];
        for (int i = 0; i + 1 < cuts.length; i++) {
            cuts[i] = random.nextInt(stream.length + 1);
        }
        cuts[cuts.length - 1] = stream.length;
        Arrays.sort(cuts);
        assertThat(read(framing, stream, cuts)).usingRecursiveComparison().isEqualTo(whole);
        for (M message : model.sendable()) {
            byte[] written = framing.write(message);
            assertThat(read(framing, written, new int[] {written.length}))
                    .usingRecursiveComparison()
                    .isEqualTo(List.of(message));
        }
    }

    /** Reads messages as a server does: the stream comes in pieces, and what is not taken stays. */
    private static <M> List<Object> read(Framing<M> framing, byte[] stream, int[] cuts) {
        List<Object> messages = new ArrayList<>();
        int taken = 0;
        for (int end : cuts) {
            boolean more = true;
            while (more) {
                ByteBuffer bytes =
                        ByteBuffer.wrap(stream, taken, end - taken).slice().asReadOnlyBuffer();
                M message;
                try {
                    message = framing.read(bytes);
                } catch (IllegalArgumentException noLength) {
                    Inputs.assertShown(String.valueOf(noLength.getMessage()));
                    messages.add(FAILED);
                    return messages;
                }
                assertThat(bytes.limit()).isEqualTo(end - taken);
                more = message != null && bytes.position() > 0;
                assertThat(bytes.position() > 0).isEqualTo(message != null);
                if (message != null) {
                    messages.add(message);
                }
                taken += bytes.position();
            }
        }
        return messages;
    }

    /** The messages that a stream has, found without a buffer. */
    record Model<M>(List<Object> messages, List<M> sendable) {

        static Model<String> lines(byte[] stream, Charset charset) {
            List<Object> messages = new ArrayList<>();
            List<String> sendable = new ArrayList<>();
            String latin1 = Inputs.latin1(stream);
            int end = latin1.lastIndexOf('\n');
            for (String each :
                    end < 0 ? new String[0] : latin1.substring(0, end).split("\n", -1)) {
                String bytes = each.endsWith("\r") ? each.substring(0, each.length() - 1) : each;
                String line = new String(bytes.getBytes(ISO_8859_1), charset);
                messages.add(line);
                if (!line.endsWith("\r")) {
                    sendable.add(line);
                }
            }
            return new Model<>(messages, sendable);
        }

        static Model<byte[]> delimited(byte[] stream, String delimiter) {
            String latin1 = Inputs.latin1(stream);
            String end = Inputs.latin1(delimiter.getBytes(UTF_8));
            List<byte[]> messages = new ArrayList<>();
            int from = 0;
            for (int at = latin1.indexOf(end); at >= 0; at = latin1.indexOf(end, from)) {
                messages.add(latin1.substring(from, at).getBytes(ISO_8859_1));
                from = at + end.length();
            }
            return of(messages);
        }

        static Model<byte[]> fixed(byte[] stream, int size) {
            List<byte[]> messages = new ArrayList<>();
            for (int at = 0; at + size <= stream.length; at += size) {
                messages.add(Arrays.copyOfRange(stream, at, at + size));
            }
            return of(messages);
        }

        static Model<byte[]> frames(byte[] stream, FrameLength length) {
            List<byte[]> messages = new ArrayList<>();
            int at = 0;
            while (true) {
                int bytes = bytesOfLength(stream, at, length);
                if (bytes < 0) {
                    return of(messages);
                }
                long body = bytes > 5 ? -1 : value(stream, at, bytes, length) + length.adjust();
                if (body < 0
                        || (length.kind() == FrameLength.Kind.VARINT && body - length.adjust() > Integer.MAX_VALUE)) {
                    List<Object> failed = new ArrayList<>(messages);
                    failed.add(FAILED);
                    return new Model<>(failed, messages);
                }
                if (at + bytes + body > stream.length) {
                    return of(messages);
                }
                messages.add(Arrays.copyOfRange(stream, at + bytes, at + bytes + (int) body));
                at += bytes + (int) body;
            }
        }

        /** Returns how many bytes the length at this place has: -1 if it is not complete, and over 5 if it does not end. */
        private static int bytesOfLength(byte[] stream, int at, FrameLength length) {
            if (length.kind() != FrameLength.Kind.VARINT) {
                int bytes = length.kind().mostBytes();
                return at + bytes <= stream.length ? bytes : -1;
            }
            int bytes = 1;
            while (bytes <= 5 && at + bytes <= stream.length && stream[at + bytes - 1] < 0) {
                bytes++;
            }
            return at + bytes <= stream.length || bytes > 5 ? bytes : -1;
        }

        private static long value(byte[] stream, int at, int bytes, FrameLength length) {
            long value = 0;
            for (int i = 0; i < bytes; i++) {
                boolean isVarint = length.kind() == FrameLength.Kind.VARINT;
                boolean fromEnd = isVarint || length.isLittleEndian();
                int each = stream[at + (fromEnd ? bytes - 1 - i : i)];
                value = isVarint ? value * 128 + (each & 127) : value * 256 + (each & 255);
            }
            return value;
        }

        private static Model<byte[]> of(List<byte[]> messages) {
            return new Model<>(new ArrayList<>(messages), messages);
        }
    }
}
