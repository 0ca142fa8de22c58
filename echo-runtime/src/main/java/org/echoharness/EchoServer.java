package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A live TCP server that sends back every byte that it receives (the service of RFC 862, on any port).
 *
 * <pre>{@code
 * try (EchoServer server = EchoServer.builder().start();
 *         Socket socket = new Socket()) {
 *     socket.connect(server.address());
 *     ...
 * }
 * }</pre>
 *
 * <p>A connection ends with a FIN when the client's FIN has come and every byte before it went back; in any other case
 * it ends with an RST (RFC 9293, section 3.10.4). So a client that sees a clean end of stream has seen a whole echo. The
 * server reads from a connection only while its buffer has room: a client that never reads comes to a halt (TCP's flow
 * control, RFC 9293, section 3.8.6), and the memory of the server does not grow.
 *
 * <p>All methods may be called by any thread. Sockets are served by daemon threads of the server's own, and so are
 * callbacks. A control, such as {@link #freeze}, waits for these threads; if a callback blocks one of them for 10
 * seconds, perhaps because it waits for the thread that calls the control, the control fails with an {@link
 * IllegalStateException} that names the line at which the callback stands.
 */
public final class EchoServer implements AutoCloseable {

    private final ServerCore core;
    private final ServerControls controls;

    private EchoServer(ServerConfig config) {
        core = new ServerCore(config);
        controls = new ServerControls(core);
    }

    /**
     * A builder with every option at its default.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Binds every address, in the caller's thread, and starts to serve. When it returns, a connect succeeds. When it
     * throws, nothing is left bound or running.
     *
     * @return this server
     * @throws java.net.BindException if an address cannot be bound; the message names host, port and cure
     * @throws java.net.UnknownHostException if a name does not resolve
     * @throws java.net.SocketTimeoutException if a name does not resolve within 5 seconds
     * @throws IOException if the system refuses for another reason
     * @throws IllegalStateException if this server was started or closed before
     */
    public EchoServer start() throws IOException {
        core.start();
        return this;
    }

    /**
     * Stops listening, ends every connection that is still open with an RST, and releases all resources. When it
     * returns, the ports can be bound, the threads have ended and the sockets are closed. A later call only waits until
     * the server is closed. A call from a callback of this server closes everything too, but cannot wait for the thread
     * that it runs on. If a callback blocks for over 10 seconds, {@code close} returns without it; a warning names the
     * line at which it stands.
     */
    @Override
    public void close() {
        core.close();
    }

    /**
     * Waits until this server is closed.
     *
     * @param timeout the longest to wait
     * @return whether it is closed
     * @throws IllegalStateException if it would have to wait in a callback of this server
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    public boolean awaitClose(Duration timeout) throws InterruptedException {
        return core.awaitClose(timeout);
    }

    /**
     * Whether the server was started and not closed since.
     *
     * @return whether it serves
     */
    public boolean isRunning() {
        return core.isRunning();
    }

    /**
     * Why the server closed by itself: an error ended one of its threads, such as an {@link OutOfMemoryError}. The
     * server then closes and reports the error as a warning. An exception in one connection ends only that connection.
     *
     * @return what was thrown; nothing while the server runs, and nothing if it was closed by a call
     */
    public Optional<Throwable> failure() {
        return Optional.ofNullable(core.failure());
    }

    /**
     * The first of {@link #addresses()}.
     *
     * @return the address really bound
     * @throws IllegalStateException before {@link #start}
     */
    public InetSocketAddress address() {
        return addresses().get(0);
    }

    /**
     * The addresses really bound, in the order in which they were asked for: with the port that the kernel picked, and
     * numeric, also in {@link InetSocketAddress#getHostName()}. They stay readable after the close.
     *
     * @return one address or more
     * @throws IllegalStateException before {@link #start}
     */
    public List<InetSocketAddress> addresses() {
        List<InetSocketAddress> bound = core.addresses();
        if (bound.isEmpty()) {
            throw new IllegalStateException("the server has no address yet; call start() first");
        }
        return bound;
    }

    /**
     * The addresses that were asked for, before names are resolved and the kernel picks ports: also of a server that could
     * not be started.
     *
     * @return as in {@link Builder#addresses(String...)}
     */
    public List<HostAndPort> configuredAddresses() {
        return core.config().addresses();
    }

    /**
     * The port of {@link #address()}.
     *
     * @return 1 to 65,535
     * @throws IllegalStateException before {@link #start}
     */
    public int port() {
        return address().getPort();
    }

    /**
     * What became of the connections so far; it stays readable after the close.
     *
     * @return a snapshot; its numbers may be read while they change
     */
    public ConnectionCounters counters() {
        return core.counts().snapshot();
    }

    /**
     * What happened on the connections, if the server was built to record it. It stays readable after the close.
     *
     * @return the recording, which goes on while the server runs
     * @throws IllegalStateException if recording is off
     */
    public Recording recording() {
        RecordingStore recorder = core.recordings();
        if (recorder == null) {
            throw new IllegalStateException("recording is off; call recording() on the builder of the server");
        }
        return new Recording(recorder);
    }

    /**
     * The plan for connections that are accepted from now on.
     *
     * @return the plan; {@link FaultPlan#none()} unless another was set
     */
    public FaultPlan faults() {
        return core.admission().faults();
    }

    /**
     * From now on connections that are accepted misbehave by this plan, which counts them from 1; those that are open
     * stay as they are. May be called in a callback.
     *
     * @param plan the plan
     * @throws IllegalArgumentException if it does not go with this server's bufferSize
     */
    public void setFaults(FaultPlan plan) {
        core.admission().setFaults(plan);
    }

    /**
     * As {@link #setFaults}, and for open connections too: they come first in the count of the plan, in the order of
     * their accept, and their bytes and their age are counted from now. The change itself loses no byte and reorders
     * none: what is held is judged by the new plan.
     *
     * @param plan the plan
     * @throws IllegalArgumentException if it does not go with this server's bufferSize
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void setFaultsOfAll(FaultPlan plan) {
        controls.setFaultsOfAll(plan);
    }

    /**
     * Accepts every connection that has been made so far, reads what has come on the open ones, bytes, FINs and resets,
     * and does what follows from it at once. The call waits neither for bytes that a fault delays nor for a client to
     * read. After it the recording and the counters contain all that clients on this machine did before the call.
     *
     * @param timeout the longest to go on while more comes
     * @return whether nothing is left to read; false at the deadline
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public boolean catchUp(Duration timeout) {
        return controls.catchUp(timeout);
    }

    /**
     * Accepts every connection that has been made so far. When it returns, the counters and the recording contain each of
     * them, and each has its number.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void acceptPending() {
        controls.acceptPending();
    }

    /**
     * From now on connects are refused (the kernel answers with an RST), while the port stays taken: a socket is bound to
     * it that does not listen. Open connections go on. Undone by {@link #resume}.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws UnsupportedOperationException if the system lacks {@code SO_REUSEPORT}, as Windows does
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted
     */
    public void refuse() {
        controls.refuse();
    }

    /**
     * As {@link #refuse()}, for a time: then connects are accepted again, on the same port. It returns when connects are
     * refused, and does not wait for the end of the time. A later call of {@code refuse}, {@link #restart},
     * {@link #unanswered}, {@link #resume} or {@link #close} takes its place. If the port cannot be listened on when the
     * time is up, the server warns once and tries again every 100 ms.
     *
     * @param time 1 ms to 365 days
     * @throws IllegalArgumentException if the time is out of range
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws UnsupportedOperationException if the system lacks {@code SO_REUSEPORT}, as Windows does
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted
     */
    public void refuse(Duration time) {
        controls.refuse(time);
    }

    /**
     * What a client sees when a server restarts: every open connection ends with an RST, connects are refused for a time,
     * and then they are accepted again, on the same port. It returns when all connections are closed and connects are
     * refused; the rest goes as {@link #refuse(Duration)} says. Faults, counters and the recording go on: the resets are
     * recorded as {@code the server restarts}.
     *
     * @param downTime how long connects are refused, 1 ms to 365 days
     * @throws IllegalArgumentException if the time is out of range
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws UnsupportedOperationException if the system lacks {@code SO_REUSEPORT}, as Windows does
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted; connects are then
     *     accepted again
     */
    public void restart(Duration downTime) {
        controls.restart(downTime);
    }

    /**
     * From now on connects stay unanswered, until the client gives up: the server accepts no connection and fills the
     * queue of the kernel. Before this returns, the server has checked that a connect stays unanswered. Open
     * connections go on. Undone by {@link #resume}.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws UnsupportedOperationException if the system does something else when its queue is full; the server then
     *     accepts as before
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted
     */
    public void unanswered() {
        controls.unanswered();
    }

    /**
     * From now on connects are accepted again, on the same port. Does nothing if they are accepted already.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the system refuses, or if the thread is interrupted
     */
    public void resume() {
        controls.resume();
    }

    /**
     * From now on the server neither reads nor sends on any connection, though it accepts. Nothing is lost. Undone by
     * {@link #unfreeze}. An idle connection is not reset meanwhile.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void freeze() {
        controls.freeze(true);
    }

    /**
     * Goes on after {@link #freeze}.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void unfreeze() {
        controls.freeze(false);
    }

    /**
     * Ends every connection that is open now with an RST; all are closed when this returns.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void resetConnections() {
        controls.endConnections(false, "resetConnections()");
    }

    /**
     * Ends one connection with an RST if it is open; it is closed when this returns.
     *
     * @param number as in {@link RecordedConnection#number()}: 1 for the first that was accepted
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void resetConnection(long number) {
        controls.endConnections(each -> each == number, false, "resetConnection(" + number + ")");
    }

    /**
     * Ends every connection that is open now with a FIN, even if bytes are not echoed yet; all are closed when this
     * returns. A client that goes on sending may see an RST instead, as with any peer that closes.
     *
     * @throws IllegalStateException if the server is not running, or when called in a callback of it
     * @throws java.io.UncheckedIOException if the thread is interrupted
     */
    public void closeConnections() {
        controls.endConnections(true, "closeConnections()");
    }

    /** For people: where the server listens, and whether it does. */
    @Override
    public String toString() {
        List<InetSocketAddress> bound = core.addresses();
        return "EchoServer " + (bound.isEmpty() ? core.config().addresses() : ServerCore.texts(bound)) + " "
                + core.state();
    }

    ServerCore core() {
        return core;
    }

    /**
     * The options of a server. Each has the same name, unit, default and error text on the command line, in Maven and in
     * annotations, which hand it to {@link #set} as text. Not safe for use by several threads.
     */
    public static final class Builder {

        /** The options that have a text, in the order of the pages. */
        private enum Option implements OptionText.Option {
            ADDRESSES("addresses"),
            BACKLOG("backlog"),
            BUFFER_SIZE("bufferSize"),
            MAX_CONNECTIONS("maxConnections"),
            IDLE_TIMEOUT("idleTimeout"),
            IDLE_CLOSE("idleClose"),
            EVENT_LOOPS("eventLoops"),
            FAULTS("faults"),
            RECORDING("recording");

            private final String word;

            Option(String word) {
                this.word = word;
            }

            @Override
            public String word() {
                return word;
            }
        }

        private static final int RECORDED_CONNECTIONS = 1_000;
        private static final int MOST_BACKLOG = 65_535;
        private static final int MOST_LOOPS = 256;

        private List<HostAndPort> addresses = List.of(new HostAndPort("127.0.0.1", 0));
        private boolean bindsEvery;
        private int backlog = 1024;
        private int bufferSize = 64 << 10;
        private int maxConnections;
        private long idleTimeoutNanos;
        private long idleCloseNanos;
        private int eventLoops = 1;
        private FaultPlan faults = FaultPlan.none();
        private int recordedBytes = OptionText.RECORDED_BYTES;
        private int recordedConnections;
        private @Nullable Consumer<String> conversation;
        private boolean hasTimes;
        private Consumer<String> warnings = new DefaultWarnings();

        private Builder() {}

        /**
         * Where to listen: one or several of {@code host:port}, {@code [v6]:port} and {@code *:port} (every interface,
         * both families). Port 0 lets the kernel pick. A name stands for the first address that it resolves to, unless
         * {@link #everyAddressOfNames} is called. The
         * default is {@code 127.0.0.1:0}; any address but loopback draws a warning at the start.
         *
         * @param texts the addresses
         * @return this builder
         * @throws IllegalArgumentException if there is none, or if one is malformed or given twice
         */
        public Builder addresses(String... texts) {
            if (texts.length == 0) {
                throw new IllegalArgumentException("addresses must name at least one, such as 127.0.0.1:0");
            }
            List<HostAndPort> parsed = new ArrayList<>();
            for (String text : texts) {
                HostAndPort address = HostAndPort.parse(text);
                if (address.port() != 0 && parsed.contains(address)) {
                    throw new IllegalArgumentException("addresses: " + address + " is given twice; leave one out");
                }
                parsed.add(address);
            }
            addresses = List.copyOf(parsed);
            return this;
        }

        /**
         * A name among the {@link #addresses} stands for every address that it resolves to and that this machine has, such
         * as {@code 127.0.0.1} and {@code ::1}, with one port for all: for a server that a person starts by hand. The
         * default is the first address alone.
         *
         * @return this builder
         * @since 0.1.0
         */
        public Builder everyAddressOfNames() {
            bindsEvery = true;
            return this;
        }

        /**
         * How many connections the kernel queues before they are accepted; the kernel may take fewer. The default is
         * 1,024.
         *
         * @param connections 1 to 65,535
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder backlog(int connections) {
            backlog = OptionText.inRange("backlog", connections, 1, MOST_BACKLOG, "");
            return this;
        }

        /**
         * The most bytes that one connection holds, and the most that are read at once. The default is 65,536 (64 KiB).
         *
         * @param bytes 1 to 1,073,741,824 (1 GiB)
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder bufferSize(int bytes) {
            bufferSize = OptionText.bufferSize(bytes);
            return this;
        }

        /**
         * How many connections are served at a time. A further one is accepted, reset and reported in one line. The default
         * is no limit.
         *
         * @param connections at least 1
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder maxConnections(int connections) {
            maxConnections = OptionText.inRange("maxConnections", connections, 1, Integer.MAX_VALUE, "");
            return this;
        }

        /**
         * How long a connection may move no byte, in or out, before it is reset. The default is no limit.
         *
         * @param timeout 1 ms to 365 days
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder idleTimeout(Duration timeout) {
            idleTimeoutNanos = OptionText.positive("idleTimeout", timeout).toNanos();
            return this;
        }

        /**
         * How long a connection may move no byte, in or out, before it is closed with a FIN, as many servers do; where
         * bytes of the client are held that were not sent back, it is reset. Of this and {@link #idleTimeout} the shorter
         * applies, and {@code idleTimeout} if they are equal. The default is no limit.
         *
         * @param timeout 1 ms to 365 days
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder idleClose(Duration timeout) {
            idleCloseNanos = OptionText.positive("idleClose", timeout).toNanos();
            return this;
        }

        /**
         * How many threads serve connections; each connection belongs to one of them, in turn. The default is 1.
         *
         * @param threads 1 to 256
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder eventLoops(int threads) {
            eventLoops = OptionText.inRange("eventLoops", threads, 1, MOST_LOOPS, "");
            return this;
        }

        /**
         * What goes wrong, on which connections and when. The default is a good echo. A plan that draws at random is
         * reported at the start, with its seed.
         *
         * @param plan the plan
         * @return this builder
         */
        public Builder faults(FaultPlan plan) {
            faults = plan;
            return this;
        }

        /**
         * The same faults for every connection.
         *
         * @param each any number
         * @return this builder
         */
        public Builder faults(Fault... each) {
            return faults(FaultPlan.of(each));
        }

        /**
         * As {@link #faults(FaultPlan)}, from the text that {@link FaultPlan#parse} reads.
         *
         * @param plan such as {@code first 2: reset after 4; others: delay 50ms}
         * @return this builder
         * @throws IllegalArgumentException if it is no plan; the message names the position, the word and the cure
         */
        public Builder faults(String plan) {
            return faults(FaultPlan.parse(plan));
        }

        /**
         * Records what happens on the connections, for {@link EchoServer#recording()}: the first 65,536 bytes (64 KiB) of
         * each direction of the newest 1,000 connections, of that what fits into a quarter of the heap. The default is to
         * record nothing.
         *
         * @return this builder
         */
        public Builder recording() {
            return recording(OptionText.RECORDED_BYTES, RECORDED_CONNECTIONS);
        }

        /**
         * Records what happens on the connections, for {@link EchoServer#recording()}. A recording takes at most a quarter
         * of the heap, and less where other recordings of this JVM take much. What does not fit is counted; connections
         * that have ended are left out first.
         *
         * @param bytes the most that are kept of each direction of a connection, 0 to 1,073,741,824 (1 GiB); all are counted
         * @param connections the most that are kept, the newest, 1 to 1,000,000
         * @return this builder
         * @throws IllegalArgumentException if a value is out of range
         */
        public Builder recording(int bytes, int connections) {
            recordedBytes = OptionText.recorded(bytes);
            recordedConnections = OptionText.inRange(
                    "recording", connections, 1, 1_000_000, connections < 1 ? " connection" : " connections");
            return this;
        }

        /**
         * Receives the conversation, one line per event: what was received from which client, what was sent back. Payload
         * is quoted, at most 1,024 bytes of a chunk; what is not visible text in UTF-8 is escaped. The thread that starts
         * the server passes the lines about the start, the server's threads pass all others. The callback must be quick;
         * {@link LineBuffer} is for output that may block. An exception that it throws ends the connection that the line
         * is about. By default no lines are made.
         *
         * @param lines takes one line at a time, without its end
         * @return this builder
         */
        public Builder conversation(Consumer<String> lines) {
            conversation = lines;
            return this;
        }

        /**
         * Whether each line of the conversation begins with its time, in UTC, and each line about a connection also names
         * that by its number, as fault plans count them: {@code 2026-01-02T03:04:05.006Z connection 3: received …}. The
         * default is neither.
         *
         * @param times whether they do
         * @return this builder
         */
        public Builder conversationTimes(boolean times) {
            hasTimes = times;
            return this;
        }

        /**
         * Receives what a person who runs the server should know: an address that other machines reach, a limit that is
         * reached, a failure that the server survived. The server waits for the callback; {@link LineBuffer} is for
         * output that may block. The default prints to {@link System#err}, by such a buffer.
         *
         * @param lines takes one line at a time, without its end; by any thread
         * @return this builder
         */
        public Builder warnings(Consumer<String> lines) {
            warnings = lines;
            return this;
        }

        /**
         * Returns the names of the options that {@link #set} takes, which are those of the methods, of the attributes of
         * annotations and of the parameters of goals.
         *
         * @return the words, in the order of the pages
         */
        public static List<String> words() {
            return OptionText.words(Option.values());
        }

        /**
         * Sets one option from text, as every front end does: addresses with commas between them; sizes as {@code 16},
         * {@code 16KiB}, {@code 1MiB} or {@code 1GiB}; durations as {@code 50ms}, {@code 2s} or {@code 1m}; {@code none}
         * for no limit.
         *
         * @param word the name of the option: that of the method
         * @param text its value
         * @return this builder
         * @throws IllegalArgumentException if there is no such option, or if the value is malformed or out of range; the
         *     message names the word, the value and the cure
         */
        public Builder set(String word, String text) {
            return switch (OptionText.option(word, Option.values())) {
                case ADDRESSES -> addresses(OptionText.list(word, text).toArray(String[]::new));
                case BACKLOG -> backlog(OptionText.count(word, text, MOST_BACKLOG));
                case BUFFER_SIZE -> bufferSize(OptionText.bufferSize(word, text));
                case MAX_CONNECTIONS -> {
                    maxConnections = OptionText.countOrNone(word, text);
                    yield this;
                }
                case IDLE_TIMEOUT -> {
                    idleTimeoutNanos = OptionText.nanosOrNone(word, text);
                    yield this;
                }
                case IDLE_CLOSE -> {
                    idleCloseNanos = OptionText.nanosOrNone(word, text);
                    yield this;
                }
                case EVENT_LOOPS -> eventLoops(OptionText.count(word, text, MOST_LOOPS));
                case FAULTS -> faults(text);
                case RECORDING -> {
                    int bytes = OptionText.recorded(word, text);
                    recordedConnections = 0;
                    yield bytes < 0 ? this : recording(bytes, RECORDED_CONNECTIONS);
                }
            };
        }

        /**
         * A server with these options, not yet started. This builder can be used again.
         *
         * @return a new server
         * @throws IllegalArgumentException if options do not go together: a fault that needs a larger bufferSize
         */
        public EchoServer build() {
            boolean closesIdle = idleCloseNanos > 0 && (idleTimeoutNanos == 0 || idleCloseNanos < idleTimeoutNanos);
            return new EchoServer(new ServerConfig(
                    addresses,
                    bindsEvery,
                    backlog,
                    bufferSize,
                    maxConnections,
                    closesIdle ? idleCloseNanos : idleTimeoutNanos,
                    closesIdle,
                    eventLoops,
                    faults.checked(bufferSize),
                    recordedBytes,
                    recordedConnections,
                    conversation == null
                            ? null
                            : hasTimes ? Conversation.timed(conversation) : new Conversation(conversation),
                    warnings,
                    new EchoPump.Maker(),
                    new ConnectionWire.Plain()));
        }

        /**
         * Builds a server and starts it.
         *
         * @return a new server that listens
         * @throws IOException as {@link EchoServer#start} says
         */
        public EchoServer start() throws IOException {
            return build().start();
        }
    }
}
