package org.echoharness.loop;

import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The deadlines of one event loop, soonest first. The caller passes the time, which is {@link System#nanoTime()}. */
public final class Alarms {

    /** One deadline. Pass it to {@link #cancel} to cancel it. */
    public static final class Alarm implements Comparable<Alarm> {
        private final long at;
        private final long order;
        private final EventLoopHandler handler;

        private Alarm(long at, long order, EventLoopHandler handler) {
            this.at = at;
            this.order = order;
            this.handler = handler;
        }

        /** Returns whether the alarm goes off later than at this time. */
        private boolean isAfter(Alarms own, long time) {
            return at > time - own.epoch;
        }

        @Override
        public int compareTo(Alarm other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
        }
    }

    private final TreeSet<Alarm> alarms = new TreeSet<>();
    private final long epoch; // nanoTime may be negative and may wrap: what is kept is the time since this one
    private long count;

    /** Creates an empty set of alarms at this time. */
    public Alarms(long now) {
        epoch = now;
    }

    /** Sets an alarm that calls {@link EventLoopHandler#alarm} of the handler at this time. */
    public Alarm set(long at, EventLoopHandler handler) {
        Alarm alarm = new Alarm(at - epoch, count++, handler);
        alarms.add(alarm);
        return alarm;
    }

    /** Replaces an alarm by one at this time, unless the old one goes off no later. Returns the alarm that is set. */
    public Alarm sooner(@Nullable Alarm other, long at, EventLoopHandler handler) {
        if (other != null && !other.isAfter(this, at)) {
            return other;
        }
        cancel(other);
        return set(at, handler);
    }

    /** Cancels an alarm, if there is one that has not gone off. */
    public void cancel(@Nullable Alarm alarm) {
        if (alarm != null) {
            alarms.remove(alarm);
        }
    }

    public boolean isEmpty() {
        return alarms.isEmpty();
    }

    /** Returns the nanoseconds until the next alarm, at least 1. At least one alarm must be set. */
    public long untilNext(long now) {
        return Math.max(1, alarms.first().at - (now - epoch));
    }

    /** Calls the handler of every alarm that is due, soonest first. */
    public void sound(long now) {
        while (!alarms.isEmpty() && alarms.first().at <= now - epoch) {
            alarms.pollFirst().handler.alarm(now);
        }
    }
}
