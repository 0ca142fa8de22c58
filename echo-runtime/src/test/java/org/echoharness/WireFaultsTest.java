package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.echoharness.Trigger.HandshakeStage;
import org.echoharness.gates.Verdict;
import org.echoharness.memory.RingPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Faults of the wire without a socket, a clock or TLS. */
@Timeout(30)
class WireFaultsTest {

    private static final long MILLI = 1_000_000;
    private static final RingPool RINGS = new RingPool(64);

    /** A socket that takes a few bytes at once, and a clock that jumps to what is due. */
    private static final class Simulated implements ByteChannel {
        private final StringBuilder sent = new StringBuilder();
        private final List<String> tookEffect = new ArrayList<>();
        private final int takes;
        private final WireOutput output;
        private long now = Long.MAX_VALUE - 5 * MILLI; // System.nanoTime() may overflow
        private final long start = now;

        Simulated(String faults, int takes) {
            this.takes = takes;
            output = new WireOutput(this, RINGS, () -> now, fault -> tookEffect.add(fault.toString()));
            output.setFaults(
                    faults.equals("none")
                            ? List.of()
                            : FaultPlan.parse(faults).rules().get(0).faults(),
                    1);
        }

        /** What is written: {@code CH}, {@code SH} or {@code HS} for a stage, {@code end} for the last, or bytes. */
        String plays(String script) throws IOException {
            ConnectionPump.Next next = output.pump(clock -> false);
            for (String step : script.split(" ", -1)) {
                if (step.equals("end") || next != ConnectionPump.Next.WAIT) {
                    continue;
                }
                HandshakeStage stage = switch (step) {
                    case "CH" -> HandshakeStage.CLIENT_HELLO;
                    case "SH" -> HandshakeStage.SERVER_HELLO;
                    case "HS" -> HandshakeStage.HANDSHAKE;
                    default -> null;
                };
                if (stage != null) {
                    output.reached(stage);
                    next = settle(() -> output.pump(clock -> false));
                    continue;
                }
                ByteBuffer bytes = ByteBuffer.wrap(step.getBytes(StandardCharsets.ISO_8859_1));
                while (bytes.hasRemaining() && next == ConnectionPump.Next.WAIT) {
                    int taken = output.write(bytes);
                    next = settle(() -> output.pump(clock -> false));
                    if (taken == 0 && output.held() == 64) {
                        break; // it takes no more
                    }
                }
            }
            if (script.endsWith("end") && next == ConnectionPump.Next.WAIT) {
                next = settle(() -> {
                    boolean all = output.sendsAll(clock -> false);
                    return all ? ConnectionPump.Next.END : output.pump(clock -> false);
                });
            }
            String end = switch (next) {
                case RESET -> " RST";
                case CUT -> " FIN";
                case CLOSE -> " close_notify FIN";
                case HALF_CLOSE -> " half";
                case END -> " end";
                default -> "";
            };
            long millis = (now - start) / MILLI;
            output.release();
            return (sent + end + (millis == 0 ? "" : " at " + millis)).strip();
        }

        private interface Pumping {
            ConnectionPump.Next pump() throws IOException;
        }

        /** Takes turns until nothing is due any more. */
        private ConnectionPump.Next settle(Pumping pumping) throws IOException {
            for (int turns = 0; turns < 10_000; turns++) {
                ConnectionPump.Next next = pumping.pump();
                if (next != ConnectionPump.Next.WAIT) {
                    return next;
                }
                if ((output.rest(false) & SelectionKey.OP_WRITE) != 0) {
                    continue;
                }
                long wake = output.mayWake() ? output.untilWake(now) : Verdict.NEVER;
                if (wake == Verdict.NEVER) {
                    return next;
                }
                now += wake;
            }
            throw new AssertionError("it goes on for ever: " + sent);
        }

        @Override
        public int write(ByteBuffer from) {
            int n = Math.min(takes, from.remaining());
            for (int i = 0; i < n; i++) {
                sent.append((char) (from.get() & 0xff));
            }
            return n;
        }

        @Override
        public int read(ByteBuffer into) {
            into.put((byte) 'x');
            return 1;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    void closeAfterHandshakeLeavesOtherFaultsToCloseNotify() throws Exception {
        Simulated socket = new Simulated("close after handshake, corrupt after 3 on the wire", 64);
        socket.output.write(ByteBuffer.wrap("ab".getBytes(StandardCharsets.ISO_8859_1)));
        assertThat(socket.settle(() -> socket.output.pump(clock -> false))).isEqualTo(ConnectionPump.Next.WAIT);
        socket.output.reached(HandshakeStage.HANDSHAKE);
        assertThat(socket.settle(() -> socket.output.pump(clock -> false))).isEqualTo(ConnectionPump.Next.CLOSE);
        socket.output.write(ByteBuffer.wrap("cde".getBytes(StandardCharsets.ISO_8859_1)));
        assertThat(socket.settle(() -> socket.output.sendsAll(clock -> false)
                        ? ConnectionPump.Next.END
                        : socket.output.pump(clock -> false)))
                .isEqualTo(ConnectionPump.Next.END);
        assertThat(socket.sent.substring(0, 3)).isEqualTo("abc");
        assertThat(socket.sent.substring(3)).hasSize(2).isNotEqualTo("de");
        assertThat(socket.tookEffect).hasSize(2);
        socket.output.release();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                none                          | CH abc SH def HS ghi end | abcdefghi end
                reset after client-hello      | CH abc SH def HS ghi end | RST
                close after client-hello      | CH abc SH def HS ghi end | FIN
                stall after client-hello      | CH abc SH def HS ghi end | ``
                delay 50ms after client-hello | CH abc SH def HS ghi end | abcdefghi end at 200
                reset after server-hello      | CH abc SH def HS ghi end | abc RST
                close after server-hello      | CH abc SH def HS ghi end | abc FIN
                close without close_notify after server-hello | CH abc SH def HS ghi end | abc FIN
                stall after server-hello      | CH abc SH def HS ghi end | abc
                delay 50ms after server-hello | CH abc SH def HS ghi end | abcdefghi end at 150
                reset after handshake         | CH abc SH def HS ghi end | abcdef RST
                close after handshake         | CH abc SH def HS ghi end | abcdef close_notify FIN
                close without close_notify after handshake | CH abc SH def HS ghi end | abcdef FIN
                stall after handshake         | CH abc SH def HS ghi end | abcdef
                delay 50ms after handshake    | CH abc SH def HS ghi end | abcdefghi end at 100
                plain "no"                    | CH abc SH def HS ghi end | no FIN
                plain "no", fragment 1 on the wire | CH abc SH def | no FIN
                reset after client-hello      | abc end            | abc end
                reset after handshake         | CH abc SH def end  | abcdef end
                reset after 4 on the wire     | CH abc SH def HS ghi end | abcd RST
                close after 4 on the wire     | CH abc SH def HS ghi end | abcd FIN
                close after 9 on the wire     | CH abc SH def HS ghi end | abcdefghi FIN
                half-close after 4 on the wire | CH abc SH def HS ghi end | abcd half
                stall after 4 sent on the wire | CH abc SH def HS ghi end | abcd
                discard on the wire           | CH abc SH def HS ghi end | end
                discard after 4 on the wire   | CH abc SH def HS ghi end | abcd end
                truncate 2 after 4 on the wire | CH abc SH def HS ghi end | abcdghi end
                duplicate 2 after 4 on the wire | CH abc SH def HS ghi end | abcdefefghi end
                duplicate 40 after 4 on the wire | CH abc SH def HS ghi end | abcdefghiefghi end
                greet "<>" on the wire        | CH abc SH def HS ghi end | <>abcdefghi end
                greet "<>" after 4 on the wire | CH abc SH def HS ghi end | abcd<>efghi end
                fragment 2 every 10ms on the wire | CH abcde end     | abcde end
                throttle 100/s on the wire    | CH abcdef end        | abcdef end
                reset after 20ms on the wire, delay 50ms on the wire | CH abc end | RST at 20
                delay 50ms after client-hello, reset after server-hello | CH abc SH def | abc RST at 50
                delay 50ms on the wire, reset after handshake | CH abc SH def HS ghi | abcdef RST at 100
                reset after server-hello, close after client-hello | CH abc SH def | FIN
                reset after 9 on the wire, stall after handshake | CH abc SH def HS ghijkl | abcdef
                """)
    void socketGetsBytes(String faults, String does, String expected) throws IOException {
        for (int takes : new int[] {1, 2, 5, 1000}) {
            String seen = new Simulated(faults, takes).plays(does);
            boolean isTimed = expected.contains(" at ");
            assertThat(isTimed ? seen : seen.replaceFirst(" at [0-9]+", ""))
                    .as("%s at once", takes)
                    .isEqualTo(expected);
        }
    }

    @Test
    void flippedBytesStayFlippedHoweverFewTheSocketTakes() throws IOException {
        for (int takes : new int[] {1, 2, 3, 1000}) {
            Simulated simulated = new Simulated("corrupt bytes 3-5 on the wire", takes);
            assertThat(simulated.plays("CH abc SH def end"))
                    .isEqualTo("ab" + (char) (~'c' & 0xff) + (char) (~'d' & 0xff) + (char) (~'e' & 0xff) + "f end");
        }
    }

    @Test
    void holdsNoMoreThanItsRing() throws IOException {
        Simulated stalled = new Simulated("stall on the wire", 1000);
        byte[] much = new byte[1000];
        Arrays.fill(much, (byte) 'a');
        ByteBuffer bytes = ByteBuffer.wrap(much);
        assertThat(stalled.output.pump(clock -> false)).isEqualTo(ConnectionPump.Next.WAIT);
        while (stalled.output.write(bytes) > 0) {
            stalled.output.rest(true);
        }
        assertThat(stalled.output.held()).isEqualTo(64);
        assertThat(bytes.remaining()).isEqualTo(1000 - 64);
        assertThat(stalled.output.pump(clock -> false)).isEqualTo(ConnectionPump.Next.WAIT);
        assertThat(stalled.output.rest(true)).isZero();
        assertThat(stalled.output.read(ByteBuffer.allocate(9)))
                .as("a stall reads nothing")
                .isZero();
        assertThat(stalled.sent).isEmpty();

        stalled.output.setFaults(List.of(), 1);
        assertThat(stalled.output.pump(clock -> false)).isEqualTo(ConnectionPump.Next.WAIT);
        assertThat(stalled.output.read(ByteBuffer.allocate(9))).isEqualTo(1);
        assertThat(stalled.output.isPlain()).isTrue();
        assertThat(stalled.output.write(bytes))
                .as("it passes on without its ring")
                .isEqualTo(1000 - 64);
        assertThat(stalled.sent).hasSize(1000);
        stalled.output.release();
    }

    @Test
    void stageThatIsOverDoesNotComeAgain() throws IOException {
        Simulated simulated = new Simulated("delay 5ms on the wire", 1000);
        simulated.output.reached(HandshakeStage.CLIENT_HELLO);
        simulated.output.setFaults(
                FaultPlan.parse("reset after client-hello").rules().get(0).faults(), 1);
        assertThat(simulated.output.awaits(HandshakeStage.CLIENT_HELLO)).isTrue();
        assertThat(simulated.plays("abc end")).isEqualTo("abc end");
        assertThat(simulated.tookEffect).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                reset after client-hello | reset after client-hello
                delay 1ms after client-hello, close after server-hello, reset after handshake | delay 1ms after client-hello; close after server-hello
                """)
    void eachFaultThatActsIsReportedOnce(String faults, String reported) throws IOException {
        Simulated simulated = new Simulated(faults, 2);
        simulated.plays("CH abc SH def HS ghi end");
        assertThat(String.join("; ", simulated.tookEffect)).isEqualTo(reported);
    }

    /** A ServerHello is found in the first record, and what follows it in that record does not pass. */
    @Test
    void findsServerHelloInRecord() throws IOException {
        byte[] hello = new byte[60];
        hello[0] = 22;
        hello[1] = 3;
        hello[2] = 3;
        hello[4] = 55;
        hello[5] = 2; // of 40 bytes, and then another message
        hello[8] = 40;
        Simulated simulated = new Simulated("reset after server-hello", 7);
        simulated.output.expectHello();
        ByteBuffer bytes = ByteBuffer.wrap(hello);
        ConnectionPump.Next next = ConnectionPump.Next.WAIT;
        while (bytes.hasRemaining() && next == ConnectionPump.Next.WAIT) {
            simulated.output.write(bytes);
            next = simulated.settle(() -> simulated.output.pump(clock -> false));
        }
        assertThat(next).isEqualTo(ConnectionPump.Next.RESET);
        assertThat(simulated.output.reason()).isEqualTo("reset after server-hello");
        assertThat(simulated.sent).hasSize(5 + 4 + 40);
        assertThat((int) simulated.sent.charAt(4)).isEqualTo(44);
        simulated.output.release();
    }
}
