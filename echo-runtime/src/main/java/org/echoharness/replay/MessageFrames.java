package org.echoharness.replay;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.script.FrameLength;
import org.jspecify.annotations.Nullable;

/**
 * Two forms of a message, cut into the same number of frames.
 *
 * @param length how the length of each frame is encoded
 * @param mine the frames of one form
 * @param theirs those of the other, with the same prefixes
 */
record MessageFrames(FrameLength length, List<Frame> mine, List<Frame> theirs) {

    /** A frame: what stands before its length, all of it, and what its length counts. */
    record Frame(String prefix, String whole, String body) {}

    private static final int MOST_PREFIX = 8; // bytes before the length of a frame
    private static final List<FrameLength> LENGTHS = List.of(
            FrameLength.U32.minus(4),
            FrameLength.U32,
            FrameLength.U16,
            FrameLength.U24,
            FrameLength.U16.minus(2),
            FrameLength.U32.littleEndian(),
            FrameLength.U24.littleEndian(),
            FrameLength.U16.littleEndian(),
            FrameLength.VARINT,
            FrameLength.U8,
            FrameLength.U8.minus(1));

    /** Cuts two forms of a message into frames; null if they are no sequences of frames with the same prefixes. */
    static @Nullable MessageFrames of(String one, String other) {
        for (int prefix = 0; prefix <= MOST_PREFIX; prefix++) {
            for (FrameLength length : LENGTHS) {
                List<Frame> mine = frames(one, prefix, length);
                List<Frame> theirs = mine == null ? null : frames(other, prefix, length);
                if (mine != null && theirs != null && prefixes(mine).equals(prefixes(theirs))) {
                    return new MessageFrames(length, mine, theirs);
                }
            }
        }
        return null;
    }

    private static List<String> prefixes(List<Frame> frames) {
        return frames.stream().map(Frame::prefix).toList();
    }

    private static @Nullable List<Frame> frames(String message, int prefix, FrameLength length) {
        ByteBuffer bytes = ByteBuffer.wrap(message.getBytes(StandardCharsets.ISO_8859_1));
        List<Frame> frames = new ArrayList<>();
        while (bytes.hasRemaining()) {
            int start = bytes.position();
            if (bytes.remaining() <= prefix) {
                return null;
            }
            bytes.position(start + prefix);
            long body;
            try {
                body = length.decode(bytes);
            } catch (IllegalArgumentException noLength) {
                return null;
            }
            if (body < 0 || body > bytes.remaining()) {
                return null;
            }
            int from = bytes.position();
            int end = from + (int) body;
            frames.add(new Frame(
                    message.substring(start, start + prefix),
                    message.substring(start, end),
                    message.substring(from, end)));
            bytes.position(end);
        }
        return frames;
    }
}
