package org.echoharness.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Captures whose file is well-formed and whose packets are not: lost, repeated, in another order, or with flags that TCP does
 * not have there. Each packet of an input is a byte of flags, whose highest bit is set for the client's, a shift of the
 * sequence number, the number of the bytes of the payload, and the payload.
 */
class PacketsFuzz {

    private static final int CLIENT = 0x80;

    @TempDir
    private static Path folder;

    static Stream<Arguments> seeds() {
        return Stream.of(
                seed(
                        "in order",
                        "\u0082\0\0" + "\22\0\0" + "\u0090\0\6PING\r\n" + "\20\0\6PONG\r\n" + "\u0091\0\0" + "\21\0\0"),
                seed("numbers", "\u0082\0\0\22\0\0\u0090\0\4\0\2ab\20\0\4\0\2ab\u0090\0\4\0\2cd\20\0\4\0\2cd\24\0\0"),
                seed("repeated", "\u0082\0\0\22\0\0\u0090\0\2ab\u0090\u00fe\2ab\20\0\1c\20\u00ff\2cd\u0091\0\0"),
                seed("reordered", "\u0082\0\0\22\0\0\u0090\2\2cd\u0090\0\2ab\u0090\2\1e\21\0\1x\u0094\0\0"),
                seed("bytes in place of a FIN", "\u0081\0\0\u0081\u00ff\4abcd"),
                seed("without a handshake", "\20\0\3220\u0090\0\2hi\20\0\1\n"));
    }

    private static Arguments seed(String name, String latin1) {
        return Inputs.seed(name, latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    @MethodSource("seeds")
    @FuzzTest
    void packets(byte[] input) throws IOException {
        CaptureBytes capture = new CaptureBytes(ByteOrder.BIG_ENDIAN, true);
        ByteBuffer packets = ByteBuffer.wrap(input);
        while (packets.remaining() >= 3) {
            int flags = packets.get() & 0xFF;
            int shift = packets.get();
            byte[] payload = new byte[Math.min(packets.get() & 0xFF, packets.remaining())];
            packets.get(payload);
            capture.packet((flags & CLIENT) != 0, flags & ~CLIENT, shift, Inputs.latin1(payload));
        }
        CaptureFuzz.assertScript(folder, capture.file());
    }
}
