package org.echoharness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.echoharness.dialogue.ConnectionCalls;
import org.echoharness.dialogue.DialogueFactory;
import org.echoharness.dialogue.FramedDialogue;
import org.echoharness.dialogue.HandlerDialogue;
import org.echoharness.dialogue.Program;
import org.echoharness.dialogue.ScriptDialogue;
import org.echoharness.dialogue.ScriptResources;
import org.echoharness.dialogue.TlsUpgrade;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.loop.Warnings;
import org.echoharness.memory.RingBuffer;
import org.echoharness.memory.RingPool;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.script.Framing;
import org.echoharness.script.Framings;
import org.echoharness.script.Step;
import org.jspecify.annotations.Nullable;

/** Makes the pumps of a server that does not echo on all connections. A connection without a rule has an echo. */
final class DialoguePumps implements ConnectionPump.Factory {

    /** Some connections, and what is said on them. */
    record Rule(Connections connections, DialogueFactory dialogues) {}

    private final List<Rule> rules;
    private final List<DialogueFactory> rehearsed;
    private final ConnectionPump.Factory echo = new EchoPump.Maker();

    /** @param rehearsed what is played at the start of a server to load the classes; it calls no code of the user */
    DialoguePumps(List<Rule> rules, List<DialogueFactory> rehearsed) {
        this.rules = List.copyOf(rules);
        this.rehearsed = List.copyOf(rehearsed);
    }

    /**
     * Returns the pumps of a script. It takes and returns types that an echo need not load to be verified.
     *
     * @throws IllegalArgumentException if a file is not found, or if a step needs a larger bufferSize
     */
    static ConnectionPump.Factory of(Script script, ScriptResources files, int bufferSize) {
        List<Rule> rules = new ArrayList<>();
        List<DialogueFactory> rehearsed = new ArrayList<>(List.of(notMet()));
        for (Script.Rule rule : script.rules()) {
            Program program = new Program(rule.steps(), files);
            program.check(bufferSize);
            DialogueFactory maker = new ScriptDialogue.Maker(program);
            rules.add(new Rule(rule.connections(), maker));
            rehearsed.add(maker);
        }
        return rules.isEmpty() ? new EchoPump.Maker() : new DialoguePumps(rules, rehearsed);
    }

    private static DialogueFactory notMet() {
        Program program = new Program(List.of(Step.expect("not met")), new ScriptResources(Path.of("")));
        return new ScriptDialogue.Maker(program);
    }

    /** Returns the pumps that answer each message on all connections by a function. */
    static <M> ConnectionPump.Factory respond(
            Framing<M> framing, Function<? super M, ? extends @Nullable M> function, @Nullable Executor executor) {
        return of(
                new FramedDialogue.Maker<>(framing, function, executor),
                new FramedDialogue.Maker<>(Framings.fixed(1), message -> message, null),
                new FramedDialogue.Maker<>(Framings.fixed(1), DialoguePumps::failsOnPurpose, null));
    }

    private static byte[] failsOnPurpose(byte[] message) {
        throw new IllegalStateException("on purpose");
    }

    /** Returns the pumps that call a handler for each connection. */
    static ConnectionPump.Factory handler(Supplier<? extends ConnectionHandler> handlers, @Nullable Executor executor) {
        return of(
                new HandlerDialogue.Maker(handlers, executor),
                new HandlerDialogue.Maker(ConnectionHandler::silent, null));
    }

    private static ConnectionPump.Factory of(DialogueFactory dialogues, DialogueFactory... rehearsed) {
        return new DialoguePumps(List.of(new Rule(Connections.others(), dialogues)), List.of(rehearsed));
    }

    @Override
    public boolean countsMessages() {
        return rules.stream().anyMatch(rule -> rule.dialogues().countsMessages());
    }

    @Override
    public ConnectionPump open(ByteChannel channel, ConnectionPump.Terms terms) {
        ConnectionPump.Owner owner = terms.owner();
        long number = owner.number();
        SocketAddress remote = remote(owner);
        for (Rule rule : rules) {
            if (rule.connections().include(number, remote)) {
                ConnectionCalls calls = new ConnectionCalls(number, remote, owner::goOn, eventLoop(terms));
                return new DialoguePump(channel, channel, rule.dialogues().open(calls), calls, terms);
            }
        }
        if (terms.reporter() != null) {
            terms.reporter().step("no rule of the script is for this connection: echo");
        }
        return echo.open(channel, terms);
    }

    /**
     * Loads the classes that scripts and handlers need, by playing each script, and one that is not met, against a client
     * that sends a byte and its FIN.
     */
    @Override
    public void load(int bufferSize) {
        UnsentBytes.load();
        RingPool rings = new RingPool(bufferSize);
        for (DialogueFactory each : rehearsed) {
            new Rehearsal().play(each, rings);
        }
        rings.leave();
    }

    /** A connection without a socket: its client takes all bytes, and sends one byte and its FIN, but no handshake. */
    private static final class Rehearsal implements ConnectionPump.Owner, ByteChannel, TlsUpgrade {

        private boolean hasSent;

        void play(DialogueFactory dialogues, RingPool rings) {
            ConnectionCalls calls = new ConnectionCalls(1, new InetSocketAddress(0), this::goOn, null);
            ScriptProblem.Log problems = new ScriptProblem.Log(new Warnings(line -> {}));
            ConnectionPump pump = new DialoguePump(
                    this,
                    this,
                    dialogues.open(calls),
                    calls,
                    new ConnectionPump.Terms(rings, null, this, null, problems));
            try {
                pump.pump(System::nanoTime);
                pump.unfinished();
                pump.rest();
                pump.receive(System::nanoTime); // the byte
                pump.pump(System::nanoTime);
                pump.rest();
                pump.receive(System::nanoTime); // the FIN
                pump.pump(System::nanoTime);
            } catch (IOException impossible) {
                throw new AssertionError(impossible); // there is no socket
            } finally {
                pump.release(false, "");
                pump.ended("");
            }
        }

        @Override
        public int read(ByteBuffer into) {
            if (hasSent) {
                return -1;
            }
            hasSent = true;
            into.put((byte) 0);
            return 1;
        }

        @Override
        public int write(ByteBuffer bytes) {
            int count = bytes.remaining();
            bytes.position(bytes.limit());
            return count;
        }

        @Override
        public TlsUpgrade upgrade() {
            return this;
        }

        @Override
        public void start(RingBuffer clear) {}

        @Override
        public boolean isHandshaking() {
            return true;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}

        @Override
        public void goOn() {}

        @Override
        public long number() {
            return 1;
        }

        @Override
        public SocketChannel channel() {
            throw new UnsupportedOperationException("there is no socket");
        }

        @Override
        public void applying(Fault fault) {}
    }

    private static @Nullable EventLoop eventLoop(ConnectionPump.Terms terms) {
        ConnectionPump.Serving serving = terms.serving();
        return serving == null ? null : serving.loop();
    }

    private static SocketAddress remote(ConnectionPump.Owner owner) {
        try {
            return owner.remote();
        } catch (IOException closed) {
            throw new UncheckedIOException(closed);
        }
    }
}
