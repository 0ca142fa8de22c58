package org.echoharness.dialogue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.Script;
import org.echoharness.memory.RingBuffer;
import org.echoharness.script.Step;

/** Plays a script without a socket: the test says what the client sends, and in which pieces. Time is a number. */
final class PlayedScript implements Outlet {

    private static final int MOST_TURNS = 1_000_000;

    private final Dialogue dialogue;
    private final RingBuffer in;
    private final int room;
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private int waiting; // of what was put
    final List<String> steps = new ArrayList<>();
    final StringBuilder hello = new StringBuilder(); // what the handshake has taken of the clear bytes
    boolean isHandshaking; // whether a handshake that begins is not complete
    int messages;
    long matched;
    long now;
    boolean inputEnded;
    Dialogue.Next next = Dialogue.Next.MORE;

    PlayedScript(List<Step> rule, int bufferSize, int room) {
        ConnectionCalls calls = new ConnectionCalls(1, new InetSocketAddress(0), () -> {}, null);
        calls.upgrade(new TlsUpgrade() {
            @Override
            public void start(RingBuffer clear) {
                hello.append(StandardCharsets.ISO_8859_1.decode(clear.copy(0, clear.size())));
                clear.discard(clear.size());
                steps.add("hello");
            }

            @Override
            public boolean isHandshaking() {
                return isHandshaking;
            }
        });
        dialogue = new ScriptDialogue(
                new Program(rule, name -> {
                    throw new IllegalArgumentException("no file " + name);
                }),
                calls);
        in = new RingBuffer(bufferSize);
        this.room = room;
    }

    static PlayedScript of(String script) {
        return of(script, 64 << 10);
    }

    static PlayedScript of(String script, int bufferSize) {
        return new PlayedScript(Script.parse(script).rules().get(0).steps(), bufferSize, 64 << 10);
    }

    /** The client sends these bytes, one for each character, which the server reads at once as far as it has room. */
    PlayedScript send(String latin1) {
        ByteBuffer bytes = ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1));
        while (bytes.hasRemaining() && !hasEnded()) {
            int count = Math.min(bytes.remaining(), in.room());
            in.put(bytes.slice(bytes.position(), count));
            bytes.position(bytes.position() + count);
            goOn();
            if (count == 0) {
                throw new AssertionError("it reads nothing more: " + next);
            }
        }
        return this;
    }

    PlayedScript finish() {
        inputEnded = true;
        return goOn();
    }

    PlayedScript at(long millis) {
        now = millis * 1_000_000;
        return goOn();
    }

    /** Takes turns until the dialogue waits for the client or for a time. All that is put is sent at once. */
    PlayedScript goOn() {
        try {
            for (int turn = 0; !hasEnded(); turn++) {
                next = dialogue.advance(in, inputEnded, this, now);
                waiting = 0;
                boolean waits = next == Dialogue.Next.MORE || next == Dialogue.Next.DONE;
                if (waits) {
                    return this;
                }
                if (turn == MOST_TURNS) {
                    throw new AssertionError("no end of turns: " + next);
                }
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return this;
    }

    boolean hasEnded() {
        return next == Dialogue.Next.CLOSE || next == Dialogue.Next.RESET || next == Dialogue.Next.FAILED;
    }

    /** What was sent, and how it ended. */
    String outcome() {
        String end = next == Dialogue.Next.FAILED ? "FAILED " + dialogue.mismatch() : next.toString();
        return sent.toString(StandardCharsets.ISO_8859_1) + " | " + end;
    }

    String sent() {
        return sent.toString(StandardCharsets.ISO_8859_1);
    }

    Mismatch mismatch() {
        return dialogue.mismatch();
    }

    String leftOver() {
        return leftOver("a reset by the client");
    }

    String leftOver(String how) {
        Mismatch left = dialogue.leftOver(in, how);
        return left == null ? "nothing" : left.toString();
    }

    long wake() {
        return dialogue.wake();
    }

    boolean readsAtWake() {
        return dialogue.readsAtWake();
    }

    /** The server is frozen for this time. */
    void stoodStill(long millis) {
        dialogue.stoodStill(millis * 1_000_000);
    }

    int held() {
        return in.size();
    }

    void release() {
        dialogue.release();
    }

    @Override
    public int room() {
        return room - waiting;
    }

    @Override
    public void put(byte[] bytes, int from, int count) {
        check(count);
        sent.write(bytes, from, count);
    }

    @Override
    public void put(ByteBuffer bytes) {
        check(bytes.remaining());
        try {
            Channels.newChannel(sent).write(bytes);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    @Override
    public void echo(RingBuffer from, int count) {
        check(count);
        sent.writeBytes(from.copy(0, count).array());
        from.discard(count);
    }

    private void check(int count) {
        if (count > room()) {
            throw new AssertionError(count + " bytes are put where there is room for " + room());
        }
        waiting += count;
    }

    @Override
    public void matched(int bytes) {
        matched += bytes;
    }

    @Override
    public boolean message() {
        messages++;
        return true;
    }

    @Override
    public void step(String label) {
        steps.add(label);
    }
}
