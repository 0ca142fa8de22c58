package org.echoharness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What can be done to a server while it runs. Any thread but the server's own: each control waits until it is in force, and
 * there is one at a time. What fails takes no effect later.
 */
final class ServerControls {

    private static final String RESTARTS = "the server restarts";

    private final ServerCore server;
    private final ScheduledResume scheduled;

    ServerControls(ServerCore server) {
        this.server = server;
        scheduled = new ScheduledResume(server);
    }

    /** For the connections that are open too. Nobody is accepted between the count of the open ones and its use. */
    void setFaultsOfAll(FaultPlan plan) {
        mustBeCallable();
        server.announce(plan); // calls a listener: not while others wait, nor while nobody is accepted
        control("setFaultsOfAll", () -> {
            Exception failure = null;
            try {
                onEachDoor(door -> {
                    door.acceptAll();
                    door.park(true);
                });
                List<ServerConnection> open = new ArrayList<>();
                for (EventLoop loop : server.loops()) {
                    open.addAll(EventLoopCalls.call(loop, loop::connections));
                }
                open.sort(Comparator.comparingLong(ServerConnection::number));
                server.setFaults(plan, open.size() + 1L);
                onEachLoop(loop -> {
                    for (int i = 0; i < open.size(); i++) {
                        if (open.get(i).isOf(loop)) {
                            open.get(i).change(new PlannedFaults(plan, i + 1L));
                        }
                    }
                });
            } catch (IOException | RuntimeException failed) {
                failure = failed;
                throw failed;
            } finally {
                undo(failure, door -> door.park(false));
            }
        });
    }

    /** Until no socket is ready any more; false at the deadline. */
    boolean catchUp(Duration timeout) {
        long deadline = System.nanoTime() + OptionText.nanos(timeout);
        boolean[] isIdle = {false};
        control("catchUp", () -> {
            do {
                onEachDoor(ListeningPort::acceptAll);
                isIdle[0] = true;
                onEachLoop(loop -> isIdle[0] &= loop.serveReady() == 0);
            } while (!isIdle[0] && deadline - System.nanoTime() > 0);
        });
        return isIdle[0];
    }

    void refuse() {
        control("refuse", () -> refuseOrListen("refuses connects", () -> {}));
    }

    void refuse(Duration time) {
        OptionText.positive("refuse", time);
        String what = "refuses connects for " + OptionText.text(time);
        control("refuse", () -> refuseOrListen(what, () -> resumeAfter(time)));
    }

    void restart(Duration downTime) {
        OptionText.positive("restart", downTime);
        String what = "restarts, and refuses connects for " + OptionText.text(downTime);
        control(
                "restart",
                () -> refuseOrListen(what, () -> {
                    end(number -> true, false, RESTARTS);
                    resumeAfter(downTime);
                }));
    }

    /** Refuses connects and does what comes next; accepts them again where either fails. */
    private void refuseOrListen(String what, Action next) throws IOException {
        try {
            turnDoors(what, ListeningPort::refuse);
            next.run();
        } catch (IOException | RuntimeException failed) {
            undo(failed, this::listen);
            throw failed;
        }
    }

    void resume() {
        control("resume", () -> turnDoors("", ListeningPort::listen));
    }

    void unanswered() {
        control("unanswered", () -> {
            try {
                turnDoors("leaves connects unanswered", ListeningPort::acceptNobody);
                for (ListeningPort door : server.doors()) {
                    List<SocketChannel> filling = door.fill();
                    EventLoopCalls.call(server.loops().get(0), () -> {
                        door.keep(filling);
                        return null;
                    });
                }
            } catch (IOException | RuntimeException failed) {
                mustBeCallable(); // a close meanwhile makes its connects fail
                undo(failed, this::listen);
                throw failed;
            }
        });
    }

    void freeze(boolean frozen) {
        List<EventLoop> changed = new ArrayList<>();
        control(frozen ? "freeze" : "unfreeze", () -> {
            try {
                onEachLoop(loop -> {
                    if (loop.isFrozen() != frozen) {
                        loop.freeze(frozen);
                        changed.add(loop);
                    }
                });
            } catch (IOException | RuntimeException failed) {
                changed.forEach(loop -> loop.post(() -> loop.freeze(!frozen)));
                throw failed;
            }
            if (!changed.isEmpty()) {
                server.record(frozen ? "freezes" : "goes on after freeze()");
            }
        });
    }

    void endConnections(boolean clean, String why) {
        endConnections(number -> true, clean, why);
    }

    void endConnections(LongPredicate which, boolean clean, String why) {
        control(why, () -> end(which, clean, why));
    }

    private void end(LongPredicate which, boolean clean, String why) throws IOException {
        onEachDoor(ListeningPort::acceptAll); // who has connected is meant, too
        onEachLoop(loop -> {
            for (ServerConnection connection : loop.connections()) {
                if (which.test(connection.number())) {
                    connection.endNow(clean, why);
                }
            }
            loop.closeNow();
        });
    }

    private interface Action {
        void run() throws IOException;
    }

    /** One at a time, and none from a callback: it waits for the server's threads. */
    private void control(String name, Action action) {
        mustBeCallable();
        synchronized (this) {
            try {
                action.run();
            } catch (IOException failed) {
                throw new UncheckedIOException(name + " failed: " + failed.getMessage(), failed);
            }
        }
    }

    /** Opens or shuts every door, in place of what was scheduled for later. */
    private void turnDoors(String what, DoorAction action) throws IOException {
        mustBeCallable();
        EventLoopCalls.call(server.loops().get(0), () -> {
            scheduled.cancel();
            server.record(what);
            for (ListeningPort door : server.doors()) {
                action.apply(door);
            }
            return null;
        });
    }

    private void resumeAfter(Duration time) throws IOException {
        EventLoopCalls.call(server.loops().get(0), () -> {
            scheduled.set(time);
            return null;
        });
    }

    private void listen(ListeningPort door) throws IOException {
        scheduled.cancel();
        door.listen();
    }

    /**
     * Puts back what a control has begun with the doors, also for a thread that is interrupted; what fails is reported. A
     * thread that does not answer puts it back as soon as it can.
     */
    private void undo(@Nullable Exception failure, DoorAction action) {
        EventLoop first = server.loops().get(0);
        if (failure instanceof EventLoopCalls.NoAnswerException) {
            first.post(() -> undoNow(action));
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            if (server.isRunning()) {
                EventLoopCalls.call(first, () -> {
                    undoNow(action);
                    return null;
                });
            }
        } catch (EventLoopCalls.NoAnswerException late) {
            first.post(() -> undoNow(action));
        } catch (IOException | IllegalStateException e) {
            warnOfUndo(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** On the first loop's thread. */
    private void undoNow(DoorAction action) {
        try {
            for (ListeningPort door : server.doors()) {
                action.apply(door);
            }
        } catch (IOException | RuntimeException e) {
            warnOfUndo(e);
        }
    }

    private void warnOfUndo(Exception e) {
        if (server.isRunning()) {
            server.warn("a control could not be undone: " + e);
        }
    }

    private interface DoorAction {
        void apply(ListeningPort door) throws IOException;
    }

    private interface LoopAction {
        void apply(EventLoop loop) throws IOException;
    }

    private void onEachDoor(DoorAction action) throws IOException {
        mustBeCallable();
        EventLoopCalls.call(server.loops().get(0), () -> {
            for (ListeningPort door : server.doors()) {
                action.apply(door);
            }
            return null;
        });
    }

    private void onEachLoop(LoopAction action) throws IOException {
        mustBeCallable();
        for (EventLoop loop : server.loops()) {
            EventLoopCalls.call(loop, () -> {
                action.apply(loop);
                return null;
            });
        }
    }

    private void mustBeCallable() {
        if (!server.isRunning()) {
            throw new IllegalStateException("the server is not running: " + server.stopped());
        }
        server.refuseCallback();
    }
}
