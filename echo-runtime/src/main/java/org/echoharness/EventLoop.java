package org.echoharness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.echoharness.memory.RingBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One thread that owns every socket, buffer and deadline given to it; other threads {@link #post} tasks. It sleeps until
 * a socket is ready, a task comes or the next alarm is due.
 */
final class EventLoop implements Runnable, Consumer<SelectionKey> {

    /** The most rings of a loop, and the memory that they may take together; there is one at least. */
    private static final int MOST_RINGS = 32;

    private static final int RING_MEMORY = 2 << 20;

    private static final int RESERVE = 16 << 10;

    private final ServerCore server;
    private final int bufferSize;
    private final Selector selector;
    private final Thread thread;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Alarms alarms = new Alarms(System.nanoTime());
    private final ArrayDeque<RingBuffer> spareRings = new ArrayDeque<>(MOST_RINGS);
    private int rings; // lent and spare
    private int mostRings;
    /** Direct memory to give up when rings have taken all: the JDK moves what is on the heap by way of some. */
    @SuppressWarnings("UnusedVariable")
    private @Nullable ByteBuffer headroom;

    private final ArrayDeque<SelectableChannel> closing = new ArrayDeque<>();
    private final ArrayDeque<Acceptor> accepting = new ArrayDeque<>(); // those that the selector found ready
    private final List<Runnable> atEnd = new ArrayList<>();
    private @Nullable UnsentBytes unsent;
    /** Memory to give up when an error ends the loop: reporting it takes some. */
    @SuppressWarnings("UnusedVariable")
    private byte @Nullable [] reserve = new byte[RESERVE];

    private boolean frozen;
    private volatile boolean ending;
    private volatile boolean ended;

    EventLoop(ServerCore server, int bufferSize, String name) throws IOException {
        this.server = server;
        this.bufferSize = bufferSize;
        mostRings = Math.max(1, Math.min(MOST_RINGS, RING_MEMORY / bufferSize));
        selector = Selector.open();
        thread = new Thread(this, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    boolean hasEnded() {
        return ending;
    }

    Selector selector() {
        return selector;
    }

    Alarms alarms() {
        return alarms;
    }

    /** Runs the task on the loop's thread, soon. Where the loop has ended, runs it here: it must release what it holds. */
    void post(Runnable task) {
        tasks.add(task);
        if (ended) {
            runTasks();
        } else {
            selector.wakeup();
        }
    }

    /** Any thread. On the loop's own thread everything is closed at return; elsewhere {@link #join} tells. */
    void end() {
        ending = true;
        if (isCurrent() || thread.getState() == Thread.State.NEW) {
            closeAll();
        } else {
            selector.wakeup();
        }
    }

    /** Waits until the thread has ended. Returns where it stands if it did not by the deadline, else an empty text. */
    String join(long deadlineNanos) {
        boolean interrupted = false;
        try {
            while (thread.isAlive()) {
                long left = deadlineNanos - System.nanoTime();
                if (left <= 0) {
                    return where();
                }
                try {
                    thread.join(Math.max(1, left / 1_000_000));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return "";
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Closes the key's channel as soon as the selector has let go of it, which is next. To close a registered channel takes
     * two more system calls, and then its socket stays open until the selector runs all the same.
     */
    void close(SelectionKey key) {
        key.cancel();
        closing.add(key.channel());
    }

    /** Closes at once what was to be closed next. On the loop's thread, in a task. */
    void closeNow() throws IOException {
        if (!closing.isEmpty()) {
            serveReady();
        }
    }

    /** Serves every socket that is ready now, once, and returns how many were. On the loop's thread, in a task. */
    int serveReady() throws IOException {
        int released = closing.size();
        int ready = selector.selectNow(this);
        acceptThoseWaiting();
        closeReleased(released);
        return ready;
    }

    /** The connections that are open, in the order of their accept. On the loop's thread. */
    List<ServerConnection> connections() {
        List<ServerConnection> open = new ArrayList<>();
        for (SelectionKey key : selector.keys()) {
            if (key.isValid() && key.attachment() instanceof ServerConnection connection) {
                open.add(connection);
            }
        }
        open.sort(Comparator.comparingLong(ServerConnection::number));
        return open;
    }

    /** What to do when the loop has ended. On the loop's thread, or before it starts. */
    void atEnd(Runnable task) {
        atEnd.add(task);
    }

    /** On the loop's thread. */
    UnsentBytes unsentBytes() {
        if (unsent == null) {
            unsent = new UnsentBytes(this);
        }
        return unsent;
    }

    /** Whether its connections neither read nor send. */
    boolean isFrozen() {
        return frozen;
    }

    void freeze(boolean now) {
        frozen = now;
        connections().forEach(ServerConnection::refreeze);
    }

    /** Where its thread stands, for people: the innermost line that is not the JDK's, such as one of a listener. */
    String where() {
        for (StackTraceElement line : thread.getStackTrace()) {
            String module = String.valueOf(line.getModuleName());
            if (!module.startsWith("java.") && !module.startsWith("jdk.")) {
                return thread.getName() + " in " + line;
            }
        }
        return thread.getName();
    }

    /** An empty ring. One is there whenever a connection's turn begins: see {@link #held}. */
    RingBuffer borrow() {
        RingBuffer spare = spareRings.pollLast();
        return spare == null ? another() : spare;
    }

    private RingBuffer another() {
        if (mostRings > 0) {
            try {
                RingBuffer another = RingBuffer.of(bufferSize);
                rings++;
                return another;
            } catch (OutOfMemoryError noneLeft) {
                mostRings = 0; // to ask again would take long each time
            }
        }
        return RingBuffer.scarce(bufferSize);
    }

    void giveBack(RingBuffer ring) {
        if (ring.isOwn()) {
            ring.release();
        } else {
            ring.clear();
            spareRings.addLast(ring);
        }
    }

    /** The ring to hold until the next turn: the same if another one is left for the turns of others, or one of its own. */
    RingBuffer held(RingBuffer ring) {
        if (ring.isOwn() || !spareRings.isEmpty() || addSpare()) {
            return ring;
        }
        RingBuffer own = ring.own();
        giveBack(ring);
        return own;
    }

    private boolean addSpare() {
        if (rings >= mostRings) {
            return false;
        }
        try {
            if (headroom == null) {
                headroom = ByteBuffer.allocateDirect(RingBuffer.SLICE);
            }
            spareRings.addLast(RingBuffer.of(bufferSize));
            rings++;
            return true;
        } catch (OutOfMemoryError noneLeft) {
            mostRings = rings; // to ask again would take long each time
            headroom = null;
            return false;
        }
    }

    @Override
    public void run() {
        try {
            serve();
        } catch (ClosedSelectorException closedInACallback) {
            // the server was closed on this thread: nothing is left to serve
        } catch (Throwable broken) {
            reserve = null;
            server.failing(broken); // so that a client that sees a reset finds the reason
            try {
                closeAll(); // before the report: that gives back memory, which may be what is missing
            } finally {
                server.reportFailure(broken);
            }
        } finally {
            try {
                closeAll();
                if (!spareRings.isEmpty()) {
                    spareRings.removeLast().leave(); // not sooner: a callback that closes the server may look at it
                }
            } finally {
                server.close();
            }
        }
    }

    private void serve() throws IOException {
        while (!ending) {
            turn();
        }
    }

    private void turn() throws IOException {
        Thread.interrupted(); // a callback may have left one: it would make select() spin
        long nanos = alarms.isEmpty() ? 0 : alarms.untilNext(System.nanoTime());
        if (closing.isEmpty()) {
            selector.select(this, (nanos + 999_999) / 1_000_000);
            acceptThoseWaiting();
        } else {
            closeNow();
        }
        runTasks();
        if (nanos != 0) {
            alarms.sound(System.nanoTime());
        }
    }

    /** Serves a socket that the selector found ready; a listening one after the others. */
    @Override
    public void accept(SelectionKey ready) {
        EventLoopHandler served = (EventLoopHandler) ready.attachment();
        if (served instanceof Acceptor acceptor) {
            accepting.add(acceptor);
        } else {
            served.ready();
        }
    }

    /** A client that closed one connection before it made the next is then seen to do so. */
    private void acceptThoseWaiting() {
        for (Acceptor next = accepting.poll(); next != null; next = accepting.poll()) {
            next.ready();
        }
    }

    private void closeReleased(int count) {
        for (int i = 0; i < count && !closing.isEmpty(); i++) {
            try {
                closing.remove().close();
            } catch (IOException e) {
                server.warn("closing a connection failed: ", e);
            }
        }
    }

    private void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            run(task);
        }
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable failed) {
            server.warn("a task failed: ", failed);
        }
    }

    /** Aborts all that is registered, then closes the selector: only that closes their sockets for good. */
    private void closeAll() {
        ending = true;
        if (selector.isOpen()) {
            for (SelectionKey key : new ArrayList<>(selector.keys())) {
                abort(key);
            }
            try {
                selector.close();
            } catch (IOException e) {
                server.warn("closing a selector failed: ", e);
            }
            closeReleased(closing.size());
        }
        for (Runnable task : atEnd) {
            run(task);
        }
        atEnd.clear();
        ended = true;
        runTasks();
    }

    /** One that fails must not keep the others from their end. */
    private void abort(SelectionKey key) {
        try {
            ((EventLoopHandler) key.attachment()).abort();
        } catch (Throwable failed) {
            server.warn("ending a connection failed: ", failed);
        }
    }
}
