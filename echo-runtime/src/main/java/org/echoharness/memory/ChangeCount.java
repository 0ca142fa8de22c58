package org.echoharness.memory;

import java.util.concurrent.TimeUnit;

/** Counts the changes of an object, and lets threads wait for the next one. It uses the lock of its owner. */
public final class ChangeCount {

    private final Object lock;
    private long count;
    private long lastEvent = System.nanoTime();
    private int waiting;

    /** @param owner its monitor is the lock */
    public ChangeCount(Object owner) {
        lock = owner;
    }

    /** Called with the lock when an event has happened at this time. */
    public void event(long now) {
        lastEvent = now;
        changed();
    }

    /** Called with the lock when something has changed that is no event. */
    public void changed() {
        count++;
        if (waiting > 0) {
            lock.notifyAll();
        }
    }

    /** Returns a count that grows with each change. */
    public long count() {
        synchronized (lock) {
            return count;
        }
    }

    /** Returns the nanoseconds since the last event. */
    public long quietNanos() {
        synchronized (lock) {
            return System.nanoTime() - lastEvent;
        }
    }

    /** Waits until the count is another one, or until the deadline. */
    public void await(long seen, long deadlineNanos) throws InterruptedException {
        synchronized (lock) {
            waiting++;
            try {
                long left = deadlineNanos - System.nanoTime();
                while (count == seen && left > 0) {
                    TimeUnit.NANOSECONDS.timedWait(lock, left);
                    left = deadlineNanos - System.nanoTime();
                }
            } finally {
                waiting--;
            }
        }
    }
}
