package org.echoharness.loop;

import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One thread that owns every socket, buffer and deadline given to it; other threads {@link #post} tasks. It sleeps until
 * a socket is ready, a task comes or the next alarm is due.
 */
public final class EventLoop implements Runnable {

    private static final int RESERVE = 16 << 10;
    private static final int WAKE_UPS = 10; // tries

    /** The owner of an event loop. The loop's thread calls it. */
    public interface Owner {

        /** Notes the error because of which the loop is about to end. Allocates nothing. */
        void failing(Throwable why);

        /** Reports the error after all sockets are closed. Memory may be short. */
        void reportFailure(Throwable why);

        /** The loop has ended, and all of its sockets are closed. */
        void ended(EventLoop loop);
    }

    private final Warnings warnings;
    private final Owner owner;
    private final Selector selector;
    private final Thread thread;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Alarms alarms = new Alarms(System.nanoTime());
    private final ArrayDeque<SelectableChannel> closing = new ArrayDeque<>();
    private final ArrayDeque<EventLoopHandler> last = new ArrayDeque<>(); // ready, and served after the others
    private final Consumer<SelectionKey> serve = new Serve();
    private final List<Runnable> atEnd = new ArrayList<>();
    /** Memory that is released when an error ends the loop, because the report needs some. */
    @SuppressWarnings("UnusedVariable")
    private byte @Nullable [] reserve = new byte[RESERVE];

    private volatile boolean ending;
    private volatile boolean ended;

    /** Creates a loop whose thread has this name. {@link #start} starts it. */
    public EventLoop(String name, Warnings warnings, Owner owner) throws IOException {
        this.warnings = warnings;
        this.owner = owner;
        selector = Selector.open();
        thread = new Thread(this, name);
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    public boolean hasEnded() {
        return ending;
    }

    /** Returns whether sockets can still be registered. On the loop's thread. */
    public boolean isOpen() {
        return selector.isOpen();
    }

    /** Serves the channel from now on. On the loop's thread, or before it starts. */
    public SelectionKey register(SelectableChannel channel, int interest, EventLoopHandler handler) throws IOException {
        return channel.register(selector, interest, handler);
    }

    /** Returns whether this connection is the only one that the loop serves. On the loop's thread. */
    public boolean servesOnly(SocketChannel connection) {
        for (SelectionKey key : selector.keys()) {
            if (key.isValid() && key.channel() instanceof SocketChannel && key.channel() != connection) {
                return false;
            }
        }
        return true;
    }

    public Alarms alarms() {
        return alarms;
    }

    /** Runs the task on the loop's thread soon; if the loop has ended, on this one, so that it can release what it holds. */
    public void post(Runnable task) {
        tasks.add(task);
        if (ended) {
            runTasks();
        } else {
            wakeUp();
        }
    }

    /** Tries several times, since nothing else would wake the thread up for a task, or for the end. */
    private void wakeUp() {
        for (int left = WAKE_UPS; left > 0; left--) {
            try {
                selector.wakeup();
                return;
            } catch (Throwable failed) {
                if (left == 1) {
                    throw failed;
                }
            }
        }
    }

    /** Ends the loop. On its own thread all is closed at return; other threads then call {@link #join}. Any thread. */
    public void end() {
        ending = true;
        if (isCurrent() || thread.getState() == Thread.State.NEW) {
            closeAll();
        } else {
            wakeUp();
        }
    }

    /** Waits until the thread has ended. Returns an empty text, or at the deadline {@link #where} the thread is. */
    public String join(long deadlineNanos) {
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
     * Closes the key's channel once the selector has run and deregistered it. Closing a channel that is still registered
     * would take two more system calls, and its socket would stay open until the selector runs, too.
     */
    public void close(SelectionKey key) {
        key.cancel();
        closing.add(key.channel());
    }

    /** Closes at once the channels that wait for the selector to run. On the loop's thread, in a task. */
    public void closeNow() throws IOException {
        if (!closing.isEmpty()) {
            serveReady();
        }
    }

    /** Serves every ready socket once, and returns how many were ready. On the loop's thread, in a task. */
    public int serveReady() throws IOException {
        int released = closing.size();
        int ready = selector.selectNow(serve);
        serveLast();
        closeReleased(released);
        return ready;
    }

    /** Returns whether tasks wait to be run. Any thread. */
    public boolean hasTasks() {
        return !tasks.isEmpty();
    }

    /** Returns the handlers of the registered sockets, in no particular order. On the loop's thread. */
    public List<EventLoopHandler> handlers() {
        List<EventLoopHandler> handlers = new ArrayList<>();
        for (SelectionKey key : selector.keys()) {
            if (key.isValid()) {
                handlers.add((EventLoopHandler) key.attachment());
            }
        }
        return handlers;
    }

    /** Runs the task when the loop has ended. On the loop's thread, or before it starts. */
    public void atEnd(Runnable task) {
        atEnd.add(task);
    }

    /** Returns for messages where the thread is: the innermost line outside the JDK, such as one of a callback. */
    public String where() {
        String line = innermost(thread.getStackTrace());
        return line.isEmpty() ? thread.getName() : thread.getName() + " in " + line;
    }

    /** Returns the innermost line outside the JDK, or an empty text. */
    public static String innermost(StackTraceElement[] trace) {
        for (StackTraceElement line : trace) {
            String module = String.valueOf(line.getModuleName());
            if (!module.startsWith("java.") && !module.startsWith("jdk.")) {
                return line.toString();
            }
        }
        return "";
    }

    @Override
    public void run() {
        try {
            while (!ending) {
                turn();
            }
        } catch (ClosedSelectorException closedInACallback) {
            // the server was closed on this thread: nothing is left to serve
        } catch (Throwable broken) {
            reserve = null;
            owner.failing(broken); // so that a client that sees a reset finds the reason
            try {
                closeAll(); // before the report: that gives back memory, which may be what is missing
            } finally {
                owner.reportFailure(broken);
            }
        } finally {
            try {
                closeAll();
            } finally {
                owner.ended(this);
            }
        }
    }

    private void turn() throws IOException {
        Thread.interrupted(); // an interrupt that a callback left would make select() return at once each time
        long nanos = alarms.isEmpty() ? 0 : alarms.untilNext(System.nanoTime());
        if (closing.isEmpty()) {
            selector.select(serve, (nanos + 999_999) / 1_000_000);
            serveLast();
        } else {
            closeNow();
        }
        runTasks();
        if (nanos != 0) {
            alarms.sound(System.nanoTime());
        }
    }

    /** Serves one socket that is ready. A class, because the first use of a lambda is slow. */
    private final class Serve implements Consumer<SelectionKey> {
        @Override
        public void accept(SelectionKey ready) {
            EventLoopHandler handler = (EventLoopHandler) ready.attachment();
            if (handler.comesLast()) {
                last.add(handler);
            } else {
                handler.ready();
            }
        }
    }

    private void serveLast() {
        for (EventLoopHandler next = last.poll(); next != null; next = last.poll()) {
            next.ready();
        }
    }

    private void closeReleased(int count) {
        for (int i = 0; i < count && !closing.isEmpty(); i++) {
            try {
                closing.remove().close();
            } catch (Throwable e) {
                warn("closing a connection failed: ", e);
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
            warn("a task failed: ", failed);
        }
    }

    /** Aborts every handler, then closes the selector, because only then are the sockets closed. */
    private void closeAll() {
        ending = true;
        if (selector.isOpen()) {
            for (SelectionKey key : new ArrayList<>(selector.keys())) {
                abort(key);
            }
            try {
                selector.close();
            } catch (Throwable e) {
                warn("closing the selector failed: ", e);
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

    /** Reports a failure. The name of the thread contains the addresses of the server. */
    private void warn(String what, Throwable failed) {
        warnings.warn(thread.getName(), what, failed);
    }

    /** Aborts one handler. A failure does not keep the others from being aborted, nor the socket from being closed. */
    private void abort(SelectionKey key) {
        try {
            ((EventLoopHandler) key.attachment()).abort();
        } catch (Throwable failed) {
            warn("ending a connection failed: ", failed);
            if (key.channel().isOpen() && !closing.contains(key.channel())) {
                close(key);
            }
        }
    }
}
