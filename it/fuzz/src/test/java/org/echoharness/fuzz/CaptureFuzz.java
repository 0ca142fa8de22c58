package org.echoharness.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.echoharness.Script;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that are given as captures. One becomes a script, or is refused with its name; neither takes much memory. */
class CaptureFuzz {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long LEAST = 4 << 20; // bytes that are allocated whatever the file is
    private static final long EACH = 2_000; // bytes that are allocated for one of the file

    @TempDir
    private static Path folder;

    static Stream<Arguments> seeds() {
        return Stream.of(
                Inputs.seed("pcapng", session(ByteOrder.BIG_ENDIAN, true)),
                Inputs.seed("pcapng, little-endian", session(ByteOrder.LITTLE_ENDIAN, true)),
                Inputs.seed(
                        "a number half of all numbers away",
                        new CaptureBytes(ByteOrder.BIG_ENDIAN, false)
                                .handshake()
                                .packet(true, CaptureBytes.ACK, Integer.MIN_VALUE, "")
                                .file()),
                Inputs.seed("pcap", session(ByteOrder.BIG_ENDIAN, false)),
                Inputs.seed("pcap, little-endian", session(ByteOrder.LITTLE_ENDIAN, false)));
    }

    private static byte[] session(ByteOrder order, boolean isNew) {
        return new CaptureBytes(order, isNew)
                .handshake()
                .server("220 ready\r\n")
                .client("PING 1\r\n")
                .server("PONG 1\r\n")
                .client("\0\5hello")
                .server("\0\5hello")
                .packet(true, CaptureBytes.FIN | CaptureBytes.ACK, 0, "")
                .packet(false, CaptureBytes.FIN | CaptureBytes.ACK, 0, "")
                .file();
    }

    @MethodSource("seeds")
    @FuzzTest
    void capture(byte[] input) throws IOException {
        assertScript(folder, input);
    }

    /** Makes a script of these bytes, and checks it. */
    static void assertScript(Path folder, byte[] input) throws IOException {
        Path file = Files.write(folder.resolve("fuzzed.pcapng"), input);
        long most = LEAST + EACH * input.length;
        if (allocated(file, input.length) > most) { // perhaps because classes were loaded
            assertThat(allocated(file, input.length)).as("allocated bytes").isLessThan(most);
        }
    }

    /** Makes a script of the file, checks it, and returns how many bytes were allocated to make it. */
    private static long allocated(Path file, int size) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        Script script;
        try {
            script = Script.ofCapture(file);
        } catch (IllegalArgumentException refused) {
            Inputs.assertRefusal(refused, "capture (" + file + ")", size);
            return THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        long after = THREADS.getCurrentThreadAllocatedBytes();
        assertThat(Script.parse(script.toString())).isEqualTo(script);
        assertThat(Script.parse(script.formatted())).isEqualTo(script);
        return after - before;
    }
}
