package org.echoharness;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.echoharness.memory.RingBuffer;
import org.echoharness.text.Escaping;

/**
 * A connection without a socket, a thread or a clock: gates and a ring, a script of what the client does, and a list of
 * what it sees. Goes through the same steps as {@link ServerConnection}; time jumps to whatever is due next. It fails where
 * a real one would hang or spin.
 */
final class SimulatedConnection {

    /**
     * The bytes of one write, one for each character, or how the stream ends. The time is nanoseconds since the accept.
     */
    record Event(long nanos, String what, String bytes) {
        @Override
        public String toString() {
            String millis = nanos == 0
                    ? "0"
                    : BigDecimal.valueOf(nanos, 6).stripTrailingZeros().toPlainString();
            return millis + " " + what;
        }
    }

    /** What the client sends at once; without bytes it is the FIN. */
    private record Arrival(long nanos, ByteBuffer bytes) {}

    static final long MILLI = 1_000_000;

    private static final long ACCEPTED = Long.MAX_VALUE - 60 * MILLI; // System.nanoTime() may overflow, so it does here
    private static final int TURN = 16; // so many steps of a connection before it is the turn of others
    private static final Pattern COMMA = Pattern.compile(", ");

    private final GateChain gates;
    private final Deque<Arrival> script = new ArrayDeque<>();
    private final List<Event> events = new ArrayList<>();
    private final List<String> tookHold = new ArrayList<>();
    private final Client client = new Client();
    private int capacity = 64;
    private RingBuffer ring = new RingBuffer(capacity);
    private int mostSteps = 10_000;
    private long late;

    private long now; // since the accept
    private boolean inputEnded;
    private boolean over;

    private SimulatedConnection(List<Fault> faults, long connection) {
        gates = new GateChain(faults, connection, ACCEPTED);
    }

    static SimulatedConnection by(List<Fault> faults, long connection) {
        return new SimulatedConnection(faults, connection);
    }

    /** The faults that a plan has for all connections. */
    static SimulatedConnection by(String plan) {
        return by(FaultPlan.parse(plan).rules().get(0).faults(), 1);
    }

    /** What the client does, such as {@code 0 abc, 100 FIN}: at which millisecond, and which bytes. */
    SimulatedConnection client(String does) {
        COMMA.splitAsStream(does).forEach(each -> {
            int space = each.indexOf(' ');
            long at = Long.parseLong(each.substring(0, space)) * MILLI;
            String bytes = each.substring(space + 1);
            if (bytes.equals("FIN")) {
                fin(at);
            } else {
                sends(at, bytes.getBytes(StandardCharsets.ISO_8859_1));
            }
        });
        return this;
    }

    SimulatedConnection sends(long nanos, byte[] bytes) {
        script.add(new Arrival(nanos, ByteBuffer.wrap(bytes)));
        return this;
    }

    SimulatedConnection fin(long nanos) {
        return sends(nanos, new byte[0]);
    }

    /** How many bytes the connection holds at most. */
    SimulatedConnection ring(int bytes) {
        capacity = bytes;
        ring = new RingBuffer(bytes);
        return this;
    }

    /** How many bytes the client's side of the socket takes, and how long it then takes no more. */
    SimulatedConnection takes(int bytes, long everyNanos) {
        client.size = bytes;
        client.room = bytes;
        client.every = everyNanos;
        return this;
    }

    /** How much later than asked for the connection is woken. */
    SimulatedConnection late(long nanos) {
        late = nanos;
        return this;
    }

    SimulatedConnection mostSteps(int steps) {
        mostSteps = steps;
        return this;
    }

    /** The faults that took hold, in this order; after {@link #run}. */
    List<String> tookHold() {
        return tookHold;
    }

    /** Until the end, or until nothing can happen any more. */
    List<Event> run() {
        try {
            pump();
            while (!over && waits()) {
                receive();
                pump();
            }
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
        return events;
    }

    /** All that was sent, one character for each byte. */
    static String bytes(List<Event> events) {
        return events.stream().map(Event::bytes).collect(Collectors.joining());
    }

    /** What the client reads, and how it ends; without the times, and wherever one write ends. */
    static String output(List<Event> events) {
        return events.stream()
                .map(event -> event.bytes().isEmpty() ? " " + event.what() : event.bytes())
                .collect(Collectors.joining());
    }

    /** Jumps to whatever is due next, as a selector would return then. Returns false if nothing is. */
    private boolean waits() {
        long next = Long.MAX_VALUE;
        if (readsSome()) {
            next = Math.max(now, script.element().nanos());
        }
        if (gates.isBlocked()) {
            next = Math.min(next, client.writableAt());
        }
        long wake = gates.untilWake(ACCEPTED + now);
        if (wake != Verdict.NEVER) {
            next = Math.min(next, now + wake + late);
        }
        if (next == Long.MAX_VALUE) {
            happens("open");
            return false;
        }
        now = next;
        return true;
    }

    private boolean readsSome() {
        return !inputEnded && gates.reading() && ring.hasRoom() && !script.isEmpty();
    }

    private boolean receivesMore() throws IOException {
        boolean more = receive();
        if (!more) {
            gates.idles();
        }
        return more;
    }

    /** Returns whether something has come. */
    private boolean receive() throws IOException {
        if (!readsSome() || script.element().nanos() > now) {
            return false;
        }
        int n = ring.readFrom(client);
        check(ring.size() <= capacity, "the ring holds more than it can");
        if (n < 0) {
            inputEnded = true;
            gates.inputEnded(ring.size(), ACCEPTED + now);
        } else {
            check(n > 0, "it reads where there is no room");
            gates.received(ring.size(), ACCEPTED + now);
        }
        return true;
    }

    /** As {@code ServerConnection.obey}. */
    private void pump() throws IOException {
        gates.blocked(false);
        for (int step = 0; step < TURN; step++) {
            check(--mostSteps >= 0, "it goes on for ever");
            Verdict verdict = gates.judge(ring.size(), ACCEPTED + now, fault -> tookHold.add(fault.toString()));
            int wanted = verdict.count();
            switch (verdict.kind()) {
                case WAIT -> {
                    if (!gates.asksForMore() || !receivesMore()) {
                        return;
                    }
                }
                case END -> {
                    check(ring.isEmpty(), "it ends though it holds bytes");
                    ends(gates.hasEndedOutput() ? "closed" : "FIN");
                    return;
                }
                case RESET -> {
                    ends("RST");
                    return;
                }
                case CLOSE -> {
                    ends("close");
                    return;
                }
                case HALF_CLOSE -> {
                    happens("half-close");
                    gates.outputEnded();
                }
                default -> {
                    check(wanted > 0, "it does nothing and calls it " + verdict.kind());
                    int done = act(verdict);
                    gates.done(done, ACCEPTED + now);
                    if (done < wanted) {
                        gates.blocked(true);
                        return;
                    }
                }
            }
        }
        gates.blocked(true);
    }

    private int act(Verdict verdict) throws IOException {
        int count = verdict.count();
        if (verdict.kind() == Verdict.Kind.DISCARD) {
            check(count <= ring.size(), "it drops more than there is");
            ring.discard(count);
            return count;
        }
        check(!gates.hasEndedOutput(), "it sends behind its FIN");
        if (verdict.kind() == Verdict.Kind.INSERT) {
            ByteBuffer extra = verdict.extra();
            int limit = extra.limit();
            int taken = client.write(extra.limit(extra.position() + count));
            extra.limit(limit);
            return shown(taken);
        }
        check(verdict.from() + count <= ring.size(), "it sends more than there is");
        gates.alter(ring);
        int taken = verdict.kind() == Verdict.Kind.COPY
                ? ring.copyTo(client, verdict.from(), count)
                : ring.writeTo(client, count);
        gates.restore(ring, taken);
        return shown(taken);
    }

    private int shown(int taken) {
        if (taken > 0) {
            String bytes = client.written.toString();
            events.add(new Event(now, Escaping.quoteBytes(bytes), bytes));
        }
        client.written.setLength(0);
        return taken;
    }

    private void happens(String what) {
        events.add(new Event(now, what, ""));
    }

    private void ends(String how) {
        happens(how);
        over = true;
    }

    private void check(boolean good, String bad) {
        if (!good) {
            throw new AssertionError(bad + ", at " + now + " ns: " + gates + " did " + events);
        }
    }

    /** Both directions of the socket. */
    private final class Client implements ReadableByteChannel, WritableByteChannel {
        private final StringBuilder written = new StringBuilder();
        private int size = Integer.MAX_VALUE;
        private int room = size;
        private long every;
        private long emptied; // when there was room last

        long writableAt() {
            return room > 0 ? now : Math.max(now, emptied + every);
        }

        @Override
        public int write(ByteBuffer from) {
            if (writableAt() == now && now - emptied >= every) {
                room = size;
                emptied = now;
            }
            int n = Math.min(room, from.remaining());
            for (int i = 0; i < n; i++) {
                written.append((char) (from.get() & 0xFF));
            }
            room -= size == Integer.MAX_VALUE ? 0 : n;
            return n;
        }

        /** Gives what has come until now, of as many arrivals as fit. */
        @Override
        public int read(ByteBuffer to) {
            int before = to.position();
            while (!script.isEmpty() && script.element().nanos() <= now && to.hasRemaining()) {
                ByteBuffer bytes = script.element().bytes();
                if (!bytes.hasRemaining() && to.position() > before) {
                    break; // the FIN is read by itself
                }
                if (!bytes.hasRemaining()) {
                    return -1;
                }
                int n = Math.min(bytes.remaining(), to.remaining());
                to.put(bytes.slice().limit(n));
                bytes.position(bytes.position() + n);
                if (!bytes.hasRemaining()) {
                    script.remove();
                }
            }
            return to.position() - before;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
