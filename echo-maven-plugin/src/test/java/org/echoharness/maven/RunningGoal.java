package org.echoharness.maven;

import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** A goal on a daemon thread of its own, as in a build that somebody may interrupt. */
final class RunningGoal {

    /** What a goal does. */
    interface Work {
        void run() throws Exception;
    }

    private final FutureTask<Boolean> result;
    private final Thread thread;

    private RunningGoal(FutureTask<Boolean> result) {
        this.result = result;
        thread = new Thread(result, "goal");
        thread.setDaemon(true);
    }

    static RunningGoal start(Work work) {
        RunningGoal running = new RunningGoal(new FutureTask<>(() -> {
            work.run();
            return Thread.interrupted();
        }));
        running.thread.start();
        return running;
    }

    void interrupt() {
        thread.interrupt();
    }

    boolean isDone() {
        return result.isDone();
    }

    /** Waits until the goal has ended; a failure of it is the cause of what this throws. Returns whether it was interrupted. */
    boolean await() throws Exception {
        return result.get(30, TimeUnit.SECONDS);
    }
}
