package org.echoharness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongPredicate;
import org.echoharness.loop.EventLoop;
import org.echoharness.loop.EventLoopCalls;
import org.echoharness.loop.EventLoopHandler;
import org.echoharness.script.ServedConnection;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * Changes a server while it runs. Any thread may call it except the server's own, because each control waits until it has
 * taken effect. One control runs at a time. A control that fails takes no effect later.
 */
final class ServerControls {

    private static final String RESTARTS = "the server restarts";
    private static final int MOST_TURNS = 4; // in one task

    private final ServerCore server;
    private final Object turn; // of the controls, one at a time
    private volatile boolean hasShutPorts; // and has not opened them since

    ServerControls(ServerCore server) {
        this.server = server;
        turn = this;
    }

    /** Controls a session. It shares the ports with its host, and so takes turns with the controls of that. */
    ServerControls(ServerCore session, ServerControls host) {
        server = session;
        turn = host.turn;
    }

    /** Sets the faults of open connections, too. Accepts none between counting the open ones and numbering them. */
    void setFaultsOfAll(FaultPlan plan) {
        mustBeCallable();
        server.admission().announce(plan); // calls a callback, which must not delay other controls or parked ports
        control("setFaultsOfAll", () -> {
            Throwable failure = null;
            try {
                onEachPort(port -> {
                    port.acceptAll();
                    port.park(true);
                });
                List<ServerConnection> open = new ArrayList<>();
                for (ServingLoop each : server.loops()) {
                    open.addAll(EventLoopCalls.call(each.loop(), () -> connections(each)));
                }
                open.sort(Comparator.comparingLong(ServerConnection::number));
                server.admission().setFaults(plan, open.size() + 1L);
                onEachLoop(each -> {
                    for (int i = 0; i < open.size(); i++) {
                        if (open.get(i).isOf(each)) {
                            open.get(i).change(new FaultPlan.Place(plan, i + 1L));
                        }
                    }
                });
            } catch (Throwable failed) {
                failure = failed;
                throw failed;
            } finally {
                undo(failure, port -> port.park(false));
            }
        });
    }

    /** Serves sockets until none is ready, and no executor runs a call of a handler. Returns false at the deadline. */
    boolean catchUp(Duration timeout) {
        long deadline = System.nanoTime() + Quantities.nanos(timeout);
        List<CountDownLatch> running = new ArrayList<>();
        boolean isIdle = serveReady(running);
        while (!isIdle && deadline - System.nanoTime() > 0) {
            EventLoopCalls.await(running, deadline); // other controls may run meanwhile
            isIdle = serveReady(running);
        }
        return isIdle;
    }

    /** Serves each socket that is ready. Returns whether none was, and adds the calls of handlers that executors run. */
    private boolean serveReady(List<CountDownLatch> running) {
        boolean[] isIdle = {true};
        control("catchUp", () -> {
            List<ServingLoop> loops = server.loops();
            boolean isAlone = loops.size() == 1 && loops.get(0).loop() == server.portLoop();
            running.clear();
            if (!isAlone) {
                onEachPort(ListeningPort::acceptAll);
            }
            onEachLoop(each -> {
                isIdle[0] &= isAlone ? serveInTurns(each) : each.loop().serveReady() == 0;
                if (server.problems() != null) {
                    addRunning(each, running);
                }
            });
        });
        return isIdle[0] && running.isEmpty();
    }

    /**
     * Accepts connections and serves what is ready until nothing is, but not for long. All of it is one task of the loop:
     * to wait for a thread takes longer than a turn. Returns whether nothing was ready at last, and no task is left.
     */
    private boolean serveInTurns(ServingLoop only) throws IOException {
        boolean isIdle = false;
        for (int turn = 0; turn < MOST_TURNS && !isIdle; turn++) {
            server.ports().forEach(ListeningPort::acceptAll);
            isIdle = only.loop().serveReady() == 0 && !only.loop().hasTasks();
        }
        return isIdle;
    }

    private static void addRunning(ServingLoop serving, List<CountDownLatch> running) {
        for (ServerConnection each : connections(serving)) {
            ConnectionPump pump = each.pumpInUse();
            CountDownLatch call = pump == null ? null : pump.running();
            if (call != null) {
                running.add(call);
            }
        }
    }

    /** Accepts pending connections. Waits for each loop, since the first one posts tasks that open connections on others. */
    void acceptPending() {
        control("acceptPending", () -> {
            onEachPort(ListeningPort::acceptAll);
            onEachLoop(each -> {});
        });
    }

    /** Returns the calls of one open connection. */
    ServedConnection connection(long number) {
        Quantities.atLeastOne("connection", number);
        List<ServedConnection> found = new ArrayList<>();
        String[] why = {"has ended"};
        control("connection", () -> {
            onEachPort(ListeningPort::acceptAll);
            long accepted = EventLoopCalls.call(firstLoop(), server.admission()::accepted);
            why[0] = number <= accepted
                    ? why[0]
                    : "has not been accepted; the server has accepted "
                            + (accepted == 1 ? "1 connection" : accepted + " connections");
            onEachLoop(loop -> connections(loop).forEach(each -> {
                ConnectionPump pump = each.number() == number ? each.pumpInUse() : null;
                ServedConnection calls = pump == null ? null : pump.calls();
                if (calls != null) {
                    found.add(calls);
                } else if (each.number() == number && each.awaitsHeader()) {
                    why[0] = "has not sent its PROXY header yet";
                } else if (each.number() == number) {
                    why[0] = "has no script and no handler; the server echoes on it";
                }
            }));
        });
        if (found.isEmpty()) {
            throw new IllegalStateException("connection (" + number + ") " + why[0]);
        }
        return found.get(0);
    }

    /** Returns the steps that are left on open connections, in the order of their accept. */
    List<ScriptProblem> unfinishedScripts() {
        List<ScriptProblem> unfinished = new ArrayList<>();
        control(
                "unfinishedScripts",
                () -> onEachLoop(each -> {
                    List<ServerConnection> judged = each.isFrozen() ? List.of() : connections(each);
                    for (ServerConnection connection : judged) {
                        ConnectionPump pump = connection.pumpInUse();
                        ScriptProblem problem = pump == null ? null : pump.unfinished();
                        if (problem != null) {
                            unfinished.add(problem);
                        }
                    }
                }));
        unfinished.sort(Comparator.comparingLong(ScriptProblem::connection));
        return List.copyOf(unfinished);
    }

    void refuse() {
        control("refuse", () -> refuseOrListen("refuses connects", () -> {}));
    }

    void refuse(Duration time) {
        Quantities.positive("refuse", time);
        String what = "refuses connects for " + Quantities.text(time);
        control("refuse", () -> refuseOrListen(what, () -> resumeAfter(time)));
    }

    void restart(Duration downTime) {
        Quantities.positive("restart", downTime);
        String what = "restarts, and refuses connects for " + Quantities.text(downTime);
        control(
                "restart",
                () -> refuseOrListen(what, () -> {
                    end(number -> true, false, RESTARTS);
                    resumeAfter(downTime);
                }));
    }

    /** Refuses connects and runs the next action. If either fails, accepts connects again. */
    private void refuseOrListen(String what, Action next) throws IOException {
        try {
            turnPorts(what, ListeningPort::refuse);
            next.run();
        } catch (Throwable failed) {
            undo(failed, this::listen);
            throw failed;
        }
    }

    void resume() {
        control("resume", () -> turnPorts("", ListeningPort::listen));
    }

    /** Accepts connects again, if this has stopped that. It waits for no other control. */
    void openPorts() {
        if (hasShutPorts) {
            undo(null, this::listen);
        }
    }

    void unanswered() {
        control("unanswered", () -> {
            try {
                turnPorts("leaves connects unanswered", ListeningPort::leaveUnanswered);
                for (ListeningPort port : server.ports()) {
                    List<SocketChannel> filling = port.fill();
                    EventLoopCalls.call(server.portLoop(), () -> {
                        port.keep(filling);
                        return null;
                    });
                }
            } catch (Throwable failed) {
                mustBeCallable(); // a close in the meantime makes the connects fail
                undo(failed, this::listen);
                throw failed;
            }
        });
    }

    void freeze(boolean frozen) {
        List<ServingLoop> changed = new ArrayList<>();
        control(frozen ? "freeze" : "unfreeze", () -> {
            try {
                onEachLoop(each -> {
                    if (each.isFrozen() != frozen) {
                        freeze(each, frozen);
                        changed.add(each);
                    }
                });
            } catch (Throwable failed) {
                changed.forEach(each -> each.loop().post(() -> freeze(each, !frozen)));
                throw failed;
            }
            if (!changed.isEmpty()) {
                server.record(frozen ? "freezes" : "goes on after freeze()");
            }
        });
    }

    /** On the loop's thread. */
    private static void freeze(ServingLoop serving, boolean frozen) {
        serving.setFrozen(frozen);
        connections(serving).forEach(ServerConnection::refreeze);
    }

    /** Returns the open connections of one loop, in the order of their accept. On the loop's thread. */
    private static List<ServerConnection> connections(ServingLoop serving) {
        List<ServerConnection> open = new ArrayList<>();
        for (EventLoopHandler handler : serving.loop().handlers()) {
            if (handler instanceof ServerConnection connection) {
                open.add(connection);
            }
        }
        open.sort(Comparator.comparingLong(ServerConnection::number));
        return open;
    }

    void endConnections(boolean clean, String why) {
        endConnections(number -> true, clean, why);
    }

    void endConnections(LongPredicate which, boolean clean, String why) {
        control(why, () -> end(which, clean, why));
    }

    private void end(LongPredicate which, boolean clean, String why) throws IOException {
        onEachPort(ListeningPort::acceptAll); // also ends connections that are not accepted yet
        onEachLoop(each -> {
            for (ServerConnection connection : connections(each)) {
                if (which.test(connection.number())) {
                    connection.endNow(clean, why);
                }
            }
            each.loop().closeNow();
        });
    }

    private interface Action {
        void run() throws IOException;
    }

    /** Runs one control at a time, and none on a callback's thread, because it waits for the server's threads. */
    private void control(String name, Action action) {
        mustBeCallable();
        synchronized (turn) {
            try {
                action.run();
            } catch (IOException failed) {
                throw new UncheckedIOException(name + " failed: " + failed.getMessage(), failed);
            }
        }
    }

    /** Opens or shuts every port, and cancels what was scheduled for later. */
    private void turnPorts(String what, PortAction action) throws IOException {
        mustBeCallable();
        EventLoopCalls.call(server.portLoop(), () -> {
            server.scheduledResume().cancel();
            server.owner().recordOfPorts(what);
            hasShutPorts = !what.isEmpty();
            for (ListeningPort port : server.ports()) {
                action.apply(port);
            }
            return null;
        });
    }

    private void resumeAfter(Duration time) throws IOException {
        EventLoopCalls.call(server.portLoop(), () -> {
            server.scheduledResume().set(time);
            return null;
        });
    }

    private void listen(ListeningPort port) throws IOException {
        server.scheduledResume().cancel();
        port.listen();
    }

    /**
     * Undoes what a control has begun with the ports, even if the calling thread is interrupted. Reports a failure. A loop's
     * thread that does not answer undoes it as soon as it can.
     */
    private void undo(@Nullable Throwable failure, PortAction action) {
        EventLoop first = server.portLoop();
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
    private void undoNow(PortAction action) {
        for (ListeningPort port : server.ports()) {
            try {
                action.apply(port);
            } catch (Throwable e) {
                warnOfUndo(e);
            }
        }
    }

    private void warnOfUndo(Throwable e) {
        if (server.isRunning()) {
            server.warnings()
                    .warn("a control of " + ServerCore.texts(server.addresses()) + " could not be undone: " + e);
        }
    }

    private interface PortAction {
        void apply(ListeningPort port) throws IOException;
    }

    private interface LoopAction {
        void apply(ServingLoop loop) throws IOException;
    }

    private void onEachPort(PortAction action) throws IOException {
        mustBeCallable();
        EventLoopCalls.call(server.portLoop(), () -> {
            for (ListeningPort port : server.ports()) {
                action.apply(port);
            }
            return null;
        });
    }

    private void onEachLoop(LoopAction action) throws IOException {
        mustBeCallable();
        for (ServingLoop each : server.loops()) {
            EventLoopCalls.call(each.loop(), () -> {
                action.apply(each);
                return null;
            });
        }
    }

    private EventLoop firstLoop() {
        return server.loops().get(0).loop();
    }

    private void mustBeCallable() {
        server.mustRun();
        server.refuseCallback();
    }
}
