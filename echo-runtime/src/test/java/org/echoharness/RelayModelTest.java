package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.echoharness.gates.Seeds;
import org.echoharness.simulation.ModelledDirection;
import org.echoharness.simulation.ModelledFaults;
import org.echoharness.support.PlainSockets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Hundreds of random plans with faults in both directions: what each end reads through sockets, and what is recorded, as
 * {@link ModelledDirection} has it. To try others: {@code -Dfaults.seed=7}.
 */
@Timeout(300)
class RelayModelTest {

    private static final int PLANS = 400;
    private static final int MOST = 24; // bytes of one end, and in faults

    static LongStream seeds() {
        Long other = Long.getLong("faults.seed");
        return other == null ? LongStream.of(42) : LongStream.of(42, other);
    }

    /** Reads one end until its stream ends, on a thread of its own. */
    private static final class Reader {
        private final StringBuilder seen = new StringBuilder();
        private String end = "";

        Reader(Socket socket) {
            Thread reads = new Thread(() -> read(socket), "reader");
            reads.setDaemon(true);
            reads.start();
        }

        private void read(Socket socket) {
            String how = " FIN";
            try {
                for (int b = socket.getInputStream().read();
                        b >= 0;
                        b = socket.getInputStream().read()) {
                    add((char) b);
                }
            } catch (SocketException reset) {
                how = "Connection reset".equals(reset.getMessage()) ? " RST" : " " + reset;
            } catch (IOException failed) {
                how = " " + failed;
            }
            ends(how);
        }

        private synchronized void add(char b) {
            seen.append(b);
            notifyAll();
        }

        private synchronized void ends(String how) {
            end = how;
            notifyAll();
        }

        /** Waits until as many bytes are read, and until the end if there is to be one, or for any end. */
        synchronized void await(int bytes, boolean andEnd) throws InterruptedException {
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (end.isEmpty() && (seen.length() < bytes || andEnd)) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    end = " nothing more";
                }
                TimeUnit.NANOSECONDS.timedWait(this, Math.max(1, left));
            }
        }

        @Override
        public synchronized String toString() {
            return seen + end;
        }
    }

    /** One connection, and what is expected of it. */
    private static final class Conversation {
        private final EchoServer relay;
        private final Socket client;
        private final Socket server;
        private final Reader atClient;
        private final Reader atServer;
        private final ModelledDirection toServer;
        private final ModelledDirection toClient;
        private boolean hasBegun;

        Conversation(EchoServer relay, Socket client, Socket server, List<Fault> faults) {
            this.relay = relay;
            this.client = client;
            this.server = server;
            atClient = new Reader(client);
            atServer = new Reader(server);
            toServer = new ModelledDirection(
                    faults.stream().filter(Fault::isToServer).toList());
            toClient = new ModelledDirection(
                    faults.stream().filter(fault -> !fault.isToServer()).toList());
        }

        /** Returns whether the conversation goes on. */
        boolean goesOn() {
            return ending() == null;
        }

        /** Whether a fault of each direction would end the connection at once: the relay may come to either first. */
        boolean isUndecided() {
            return toServer.terminal() != null && toClient.terminal() != null;
        }

        @Nullable
        Fault ending() {
            return toServer.terminal() != null ? toServer.terminal() : toClient.terminal();
        }

        void begins() throws InterruptedException {
            toServer.takes(new byte[0], false);
            toClient.takes(new byte[0], false);
            await();
        }

        void sends(boolean isClient, byte[] bytes, boolean fin) throws InterruptedException {
            hasBegun = true;
            (isClient ? toServer : toClient).takes(bytes, fin);
            Socket from = isClient ? client : server;
            try {
                from.getOutputStream().write(bytes);
                if (fin) {
                    from.shutdownOutput();
                }
            } catch (IOException over) {
                // a fault has ended the connection by now
            }
            await();
        }

        private void await() throws InterruptedException {
            boolean isOver = !goesOn();
            atServer.await(toServer.output().length(), toServer.hasFin() || isOver);
            atClient.await(toClient.output().length(), toClient.hasFin() || isOver);
        }

        /** Ends what goes on, and returns how both legs are to end. */
        String ends() throws InterruptedException {
            Fault fault = ending();
            if (fault != null) {
                return how(fault) + " (" + fault + ")";
            }
            if (toServer.isOver() && toClient.isOver()) {
                return "FIN";
            }
            relay.resetConnections();
            atServer.await(0, true);
            atClient.await(0, true);
            return "RST (resetConnections())";
        }

        private static String how(Fault terminal) {
            return terminal.effect() instanceof Effect.Close ? "FIN" : "RST";
        }

        String expected(String end) {
            return expected(toServer, end) + ", " + expected(toClient, end) + ", " + end + ", " + end;
        }

        private static String expected(ModelledDirection direction, String end) {
            return direction.output() + (direction.hasFin() || end.startsWith("FIN") ? " FIN" : " RST");
        }

        /** What is seen, in the words of {@link #expected(String)}. */
        String seen(RecordedConnection recorded, String end) throws InterruptedException {
            RecordedConnection upstream = recorded.upstream().orElseThrow().awaitEnd();
            return seen(atServer, toServer, end) + ", " + seen(atClient, toClient, end) + ", "
                    + ending(recorded, Ending.Side.SERVER) + ", " + ending(upstream, Ending.Side.CLIENT);
        }

        /** A fault that ends the connection when it begins may cut off what the other direction begins with. */
        private String seen(Reader reader, ModelledDirection direction, String end) {
            String seen = reader.toString();
            Fault fault = ending();
            boolean mayBeCutOff = !hasBegun && fault != null && direction.terminal() == null;
            boolean isCutOff = mayBeCutOff
                    && seen.endsWith(" " + how(fault))
                    && direction.output().startsWith(seen.substring(0, seen.length() - 4));
            return isCutOff ? expected(direction, end) : seen;
        }

        /** A FIN may be that of either side, since both may send theirs at the same time. */
        private static String ending(RecordedConnection leg, Ending.Side relay) {
            return leg.ending().orElseThrow().toString().replaceFirst("^(" + relay + " |(CLIENT|SERVER) (?=FIN))", "");
        }
    }

    private static byte[] bytes(Random random, int from) {
        byte[] bytes = new byte[random.nextInt(MOST)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (from + i);
        }
        return bytes;
    }

    /** The random plans are of use only if they have what the model knows. */
    @Test
    void plansHaveEachEffectInBothDirections() {
        List<Fault> all = new ArrayList<>();
        for (int i = 0; i < PLANS; i++) {
            all.addAll(ModelledFaults.ofRelay(new Random(Seeds.mix(42, i)), MOST));
        }
        Set<Effect.Kind> modelled = EnumSet.complementOf(
                EnumSet.of(Effect.Kind.CORRUPT_AT_RANDOM, Effect.Kind.CLOSE_WITHOUT_NOTIFY, Effect.Kind.PLAIN));
        for (boolean isToServer : new boolean[] {true, false}) {
            assertThat(all)
                    .filteredOn(fault -> fault.isToServer() == isToServer)
                    .extracting(fault -> fault.effect().kind())
                    .containsAll(modelled);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void bothEndsReadWhatModelSays(long seed) throws Exception {
        try (ServerSocket behind = PlainSockets.listen(0);
                EchoServer relay = EchoServer.builder()
                        .upstream("127.0.0.1:" + behind.getLocalPort())
                        .recording(64 << 10, PLANS)
                        .bufferSize(MOST + (int) Math.floorMod(seed, 100L))
                        .start()) {
            behind.setSoTimeout(60_000);
            List<String> wrong = new ArrayList<>();
            for (int i = 0; i < PLANS; i++) {
                Random random = new Random(Seeds.mix(seed, i));
                List<Fault> faults = ModelledFaults.ofRelay(random, MOST);
                FaultPlan plan = FaultPlan.of(faults.toArray(new Fault[0]));
                relay.setFaults(plan);
                String what = "plan " + i + " of seed " + seed + ": " + plan;
                try (SocketChannel client = SocketChannel.open(relay.address()); // its connect does not see an RST
                        Socket server = behind.accept()) {
                    Conversation conversation = new Conversation(relay, client.socket(), server, faults);
                    String does = converse(random, conversation);
                    String end = conversation.ends();
                    RecordedConnection recorded =
                            relay.recording().connection(i + 1).awaitEnd();
                    String seen = conversation.seen(recorded, end);
                    String expected = conversation.expected(end);
                    if (!seen.equals(expected) && !conversation.isUndecided()) {
                        wrong.add(what + does + "\n  seen     " + seen + "\n  expected " + expected);
                    }
                }
            }
            assertThat(wrong).isEmpty();
        }
    }

    /** Both ends take turns. Returns who sends what. */
    private static String converse(Random random, Conversation conversation) throws InterruptedException {
        conversation.begins();
        boolean isClient = random.nextBoolean();
        StringBuilder does = new StringBuilder();
        for (int turn = 0; turn < 4 && conversation.goesOn(); turn++) {
            boolean fin = turn >= 2 && random.nextInt(4) > 0;
            byte[] bytes = bytes(random, isClient ? 'A' : 'a');
            does.append("; ")
                    .append(isClient ? "client " : "server ")
                    .append(bytes.length)
                    .append(fin ? " FIN" : "");
            conversation.sends(isClient, bytes, fin);
            isClient = !isClient;
        }
        return does.toString();
    }
}
