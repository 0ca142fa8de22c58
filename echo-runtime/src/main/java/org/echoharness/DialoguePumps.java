package org.echoharness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.dialogue.ConnectionCalls;
import org.echoharness.dialogue.Dialogue;
import org.echoharness.dialogue.Program;
import org.echoharness.dialogue.ScriptDialogue;
import org.echoharness.dialogue.ScriptResources;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.loop.Warnings;
import org.echoharness.memory.RingPool;
import org.echoharness.script.Step;

/** Makes the pumps of a server that does not echo on all connections. A connection without a rule has an echo. */
final class DialoguePumps implements ConnectionPump.Factory {

    /**
     * Some connections, and what is said on them.
     *
     * @param isScript whether no code of the user's is called
     */
    record Rule(Connections connections, Dialogue.Factory dialogues, boolean isScript) {}

    private final List<Rule> rules;
    private final ConnectionPump.Factory echo = new EchoPump.Maker();

    DialoguePumps(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    /**
     * Returns the pumps of a script. It takes and returns types that an echo need not load to be verified.
     *
     * @throws IllegalArgumentException if a file is not found, or if a step needs a larger bufferSize
     */
    static ConnectionPump.Factory of(Script script, ScriptResources files, int bufferSize) {
        List<Rule> rules = new ArrayList<>();
        for (Script.Rule rule : script.rules()) {
            Program program = new Program(rule.steps(), files);
            program.check(bufferSize);
            rules.add(new Rule(rule.connections(), new ScriptDialogue.Maker(program), true));
        }
        return rules.isEmpty() ? new EchoPump.Maker() : new DialoguePumps(rules);
    }

    @Override
    public ConnectionPump open(ByteChannel channel, ConnectionPump.Terms terms) {
        ConnectionPump.Owner owner = terms.owner();
        long number = owner.number();
        InetSocketAddress remote = remote(owner);
        for (Rule rule : rules) {
            if (rule.connections().include(number, remote)) {
                ConnectionCalls calls = new ConnectionCalls(number, remote, owner::goOn, terms.loop());
                return new DialoguePump(channel, channel, rule.dialogues().open(calls), calls, terms);
            }
        }
        return echo.open(channel, terms);
    }

    /**
     * Loads the classes that scripts need, by playing each, and one that is not met, against a client that sends a byte and
     * its FIN. Handlers are left out, because their code is the user's.
     */
    @Override
    public void load(int bufferSize) {
        UnsentBytes.load();
        RingPool rings = new RingPool(bufferSize);
        boolean hasScript = false;
        for (Rule rule : rules) {
            if (rule.isScript()) {
                hasScript = true;
                new Rehearsal().play(rule.dialogues(), rings);
            }
        }
        if (hasScript) {
            Program notMet = new Program(List.of(Step.expect("not met")), new ScriptResources(Path.of("")));
            new Rehearsal().play(new ScriptDialogue.Maker(notMet), rings);
        }
        rings.leave();
    }

    /** A connection without a socket: its client takes all bytes, and sends one byte and its FIN. */
    private static final class Rehearsal implements ConnectionPump.Owner, ByteChannel {

        private boolean hasSent;

        void play(Dialogue.Factory dialogues, RingPool rings) {
            ConnectionCalls calls = new ConnectionCalls(1, new InetSocketAddress(0), this::goOn, null);
            ProblemLog problems = new ProblemLog(new Warnings(line -> {}));
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
                pump.release();
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

    private static InetSocketAddress remote(ConnectionPump.Owner owner) {
        try {
            return (InetSocketAddress) owner.channel().getRemoteAddress();
        } catch (IOException closed) {
            throw new UncheckedIOException(closed);
        }
    }
}
