package org.echoharness;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.echoharness.dialogue.ConnectionCalls;
import org.echoharness.dialogue.DialogueFactory;
import org.echoharness.dialogue.Program;
import org.echoharness.dialogue.ScriptDialogue;
import org.echoharness.gates.Verdict;
import org.echoharness.loop.Warnings;
import org.echoharness.memory.RingPool;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * A connection without a socket, a thread or a clock. It drives an {@link EchoPump}, or a {@link DialoguePump} with a
 * script, as {@link ServerConnection} does, by a list of what the client does, and lists what the client sees. Time jumps to whatever is due next. It fails if a real
 * connection would hang or spin.
 */
final class SimulatedConnection implements ConnectionPump.Owner {

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
    private static final Pattern COMMA = Pattern.compile(", ");

    /** The direct memory of a pool is given back by the garbage collector alone, so all simulations share one for each size. */
    private static final Map<Integer, RingPool> POOLS = new ConcurrentHashMap<>();

    private final List<Fault> faults;
    private final long connection;
    private final Deque<Arrival> script = new ArrayDeque<>();
    private final List<Event> events = new ArrayList<>();
    private final List<String> tookEffect = new ArrayList<>();
    private final Client client = new Client();
    private final ScriptProblem.Log problems = new ScriptProblem.Log(new Warnings(line -> {}));
    private @Nullable DialogueFactory dialogues;
    private int capacity = 64;
    private int mostCalls = 20_000; // of the clock, two for each step; and turns
    private long late;

    private long now; // since the accept
    private boolean over;

    private SimulatedConnection(List<Fault> faults, long connection) {
        this.faults = faults;
        this.connection = connection;
    }

    static SimulatedConnection by(List<Fault> faults, long connection) {
        return new SimulatedConnection(faults, connection);
    }

    /** The faults that a plan has for all connections. */
    static SimulatedConnection by(String plan) {
        return by(FaultPlan.parse(plan).rules().get(0).faults(), 1);
    }

    /** What the server does in place of an echo. */
    SimulatedConnection answers(String script) {
        List<Step> steps = Script.parse(script).rules().get(0).steps();
        dialogues = new ScriptDialogue.Maker(new Program(steps, name -> {
            throw new IllegalArgumentException("no file " + name);
        }));
        return this;
    }

    /** How the script was not met; after {@link #run}. */
    List<ScriptProblem> problems() {
        return problems.list();
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
        mostCalls = 2 * steps;
        return this;
    }

    /** The faults that took effect, in this order; after {@link #run}. */
    List<String> tookEffect() {
        return tookEffect;
    }

    /** Runs until the end, or until nothing can happen any more. */
    List<Event> run() {
        RingPool rings = POOLS.computeIfAbsent(capacity, RingPool::new);
        ConnectionPump pump = pump(rings);
        try {
            pump.setFaults(faults, connection, ACCEPTED);
            int waitsFor = turn(pump, false);
            while (!over && jumps(pump, waitsFor)) {
                waitsFor = turn(pump, (waitsFor & SelectionKey.OP_READ) != 0);
            }
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        } finally {
            pump.release(false, "");
        }
        return events;
    }

    private ConnectionPump pump(RingPool rings) {
        ConnectionPump.Terms terms = new ConnectionPump.Terms(rings, null, this, null, problems);
        if (dialogues == null) {
            return new EchoPump(client, client, terms);
        }
        ConnectionCalls calls = new ConnectionCalls(connection, new InetSocketAddress(0), () -> {}, null);
        return new DialoguePump(client, client, dialogues.open(calls), calls, terms);
    }

    /** Takes a turn, and returns what the pump waits for. */
    private int turn(ConnectionPump pump, boolean reads) throws IOException {
        check(--mostCalls >= 0, "it goes on for ever");
        if (reads && hasArrived()) {
            check(pump.receive(this::clock), "it reads where there is no room");
        }
        ConnectionPump.Next next = pump.pump(this::clock);
        while (next == ConnectionPump.Next.HALF_CLOSE) {
            happens("half-close");
            client.outputEnded = true;
            pump.outputEnded();
            next = pump.pump(this::clock);
        }
        client.showWritten();
        int held = pump instanceof EchoPump echo ? echo.held() : 0;
        check(held >= 0 && held <= capacity, "the ring holds what it cannot hold");
        switch (next) {
            case END -> {
                check(!pump.holds(), "it ends though it holds bytes");
                ends(client.outputEnded ? "closed" : "FIN");
            }
            case RESET, RESET_AT_ONCE -> ends("RST");
            case CLOSE -> ends("close");
            default -> {}
        }
        return pump.rest();
    }

    private boolean hasArrived() {
        return !script.isEmpty() && script.element().nanos() <= now;
    }

    /** The time, which a pump asks for after each of its steps: one step is one event. */
    private long clock() {
        check(--mostCalls >= 0, "it goes on for ever");
        client.showWritten();
        return ACCEPTED + now;
    }

    @Override
    public void applying(Fault fault) {
        tookEffect.add(fault.toString());
    }

    @Override
    public long number() {
        return connection;
    }

    @Override
    public SocketChannel channel() {
        throw new UnsupportedOperationException("no socket");
    }

    @Override
    public void goOn() {
        throw new AssertionError("an echo waits for its socket alone");
    }

    /** All that was sent, one character for each byte. */
    static String bytes(List<Event> events) {
        return events.stream().map(Event::bytes).collect(Collectors.joining());
    }

    /** What the client reads, and how it ends, without times and without the limits of writes. */
    static String output(List<Event> events) {
        return events.stream()
                .map(event -> event.bytes().isEmpty() ? " " + event.what() : event.bytes())
                .collect(Collectors.joining());
    }

    /** Jumps to the next event, as a selector would return then. Returns false if there is none. */
    private boolean jumps(ConnectionPump pump, int waitsFor) {
        long next = Long.MAX_VALUE;
        if ((waitsFor & SelectionKey.OP_READ) != 0 && !script.isEmpty()) {
            next = Math.max(now, script.element().nanos());
        }
        if ((waitsFor & SelectionKey.OP_WRITE) != 0) {
            next = Math.min(next, client.writableAt());
        }
        long wake = pump.mayWake() ? pump.untilWake(ACCEPTED + now) : Verdict.NEVER;
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

    private void happens(String what) {
        events.add(new Event(now, what, ""));
    }

    private void ends(String how) {
        happens(how);
        over = true;
    }

    private void check(boolean good, String bad) {
        if (!good) {
            throw new AssertionError(bad + ", at " + now + " ns: " + faults + " did " + events);
        }
    }

    /** Both directions of the socket. */
    private final class Client implements ReadableByteChannel, WritableByteChannel {
        private final StringBuilder written = new StringBuilder();
        private int size = Integer.MAX_VALUE;
        private int room = size;
        private long every;
        private long emptied; // when there was room last
        private boolean outputEnded;

        /** What was written since the last call is one event, also if a ring wrapped. */
        void showWritten() {
            if (!written.isEmpty()) {
                String bytes = written.toString();
                events.add(new Event(now, Escaping.quoteBytes(bytes), bytes));
                written.setLength(0);
            }
        }

        long writableAt() {
            return room > 0 ? now : Math.max(now, emptied + every);
        }

        @Override
        public int write(ByteBuffer from) {
            check(!outputEnded, "it sends after its FIN");
            check(from.hasRemaining(), "it writes nothing");
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

        /** Reads what has come until now, as far as it fits. */
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
