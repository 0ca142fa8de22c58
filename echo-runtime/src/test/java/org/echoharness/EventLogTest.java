package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventLogTest {

    @Test
    void keepsEndsButNoBytesBeyondLimit() {
        RecordedEvent.Log log = new RecordedEvent.Log();
        for (int i = 0; i < RecordedEvent.Log.MOST; i++) {
            log.add(i, RecordedEvent.Kind.RECEIVED, 1, "");
        }
        log.add(5_000, RecordedEvent.Kind.RECEIVED, 1, "");
        log.add(5_001, RecordedEvent.Kind.CLIENT_FIN, 0, "");
        log.add(5_002, RecordedEvent.Kind.SENT, 1, ""); // its offset would be wrong after the omitted event
        log.add(5_003, RecordedEvent.Kind.SERVER_FIN, 0, "");

        List<RecordedEvent> kept = log.list();

        assertThat(kept).hasSize(RecordedEvent.Log.MOST + 2);
        assertThat(kept.subList(RecordedEvent.Log.MOST, kept.size()))
                .extracting(RecordedEvent::kind)
                .containsExactly(RecordedEvent.Kind.CLIENT_FIN, RecordedEvent.Kind.SERVER_FIN);
        assertThat(log.leftOut()).isEqualTo(2);
    }

    @Test
    void keepsSomeLateFaultsAndMarksGap() {
        RecordedEvent.Log log = new RecordedEvent.Log();
        assertThat(log.beforeTheGap()).isGreaterThan(RecordedEvent.Log.MOST);
        for (int i = 0; i < RecordedEvent.Log.MOST; i++) {
            log.add(i, RecordedEvent.Kind.RECEIVED, 1, "");
        }
        log.add(5_000, RecordedEvent.Kind.FAULT, 0, "reset");
        assertThat(log.beforeTheGap()).isGreaterThan(RecordedEvent.Log.MOST);
        log.add(5_001, RecordedEvent.Kind.RECEIVED, 1, "");
        for (int i = 0; i < 100; i++) {
            log.add(5_002, RecordedEvent.Kind.FAULT, 0, "stall");
        }
        log.add(5_003, RecordedEvent.Kind.SERVER_RST, 0, "");
        assertThat(log.list()).hasSize(RecordedEvent.Log.MOST + RecordedEvent.Log.LATE_FAULTS + 1);
        assertThat(log.beforeTheGap()).isEqualTo(RecordedEvent.Log.MOST + 1);
        assertThat(log.snapshot().beforeTheGap()).isEqualTo(RecordedEvent.Log.MOST + 1);
        assertThat(log.leftOut()).isEqualTo(1 + 101 - RecordedEvent.Log.LATE_FAULTS);
    }

    @Test
    void keepsLateMismatchButNoLateStep() {
        RecordedEvent.Log log = new RecordedEvent.Log();
        for (int i = 0; i < RecordedEvent.Log.MOST + 10; i++) {
            log.add(i, RecordedEvent.Kind.STEP, 0, "step 1 of 1: echo");
        }
        log.add(5_000, RecordedEvent.Kind.MISMATCH, 0, "step 1 of 1: expected");
        log.add(5_001, RecordedEvent.Kind.SERVER_RST, 0, "");
        assertThat(log.list().subList(RecordedEvent.Log.MOST, RecordedEvent.Log.MOST + 2))
                .extracting(RecordedEvent::kind)
                .containsExactly(RecordedEvent.Kind.MISMATCH, RecordedEvent.Kind.SERVER_RST);
        assertThat(log.leftOut()).isEqualTo(10);
    }

    @Test
    void snapshotNeverChanges() {
        RecordedEvent.Log log = new RecordedEvent.Log();
        log.add(1, RecordedEvent.Kind.ACCEPTED, 0, "");
        log.add(2, RecordedEvent.Kind.FAULT, 0, "reset");
        RecordedEvent.Log snapshot = log.snapshot();
        for (int i = 0; i < 100; i++) {
            log.add(3, RecordedEvent.Kind.RECEIVED, 1, "");
        }
        assertThat(snapshot.list()).extracting(RecordedEvent::detail).containsExactly("", "reset");
        assertThat(log.list()).hasSize(102);
    }

    /**
     * The recorder takes the time of an event before the event, and adds its record after it. A note of another thread
     * may come between.
     */
    @Test
    void laterNotesFollowLateEvent() {
        RecordedEvent.Log log = new RecordedEvent.Log();
        log.add(1, RecordedEvent.Kind.NOTE, 0, "before");
        log.add(3, RecordedEvent.Kind.NOTE, 0, "after");
        log.add(4, RecordedEvent.Kind.NOTE, 0, "after that");
        RecordedEvent.Log snapshot = log.snapshot();

        log.add(2, RecordedEvent.Kind.SENT, 5, "");

        assertThat(log.list()).extracting(RecordedEvent::detail).containsExactly("before", "", "after", "after that");
        assertThat(log.list().get(1))
                .isEqualTo(new RecordedEvent(Duration.ofNanos(2), RecordedEvent.Kind.SENT, 0, 5, ""));
        assertThat(snapshot.list()).extracting(RecordedEvent::detail).containsExactly("before", "after", "after that");
    }

    @Test
    void keepsOrderOfOtherEvents() {
        RecordedEvent.Log log = new RecordedEvent.Log();
        log.add(3, RecordedEvent.Kind.RECEIVED, 5, "");
        log.add(2, RecordedEvent.Kind.SENT, 5, "");

        assertThat(log.list())
                .extracting(RecordedEvent::kind)
                .containsExactly(RecordedEvent.Kind.RECEIVED, RecordedEvent.Kind.SENT);
    }
}
