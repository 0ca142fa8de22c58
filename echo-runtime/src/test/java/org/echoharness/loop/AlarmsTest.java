package org.echoharness.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AlarmsTest {

    private final List<String> heard = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(longs = {0, -5, Long.MAX_VALUE - 15})
    void ringsEarliestFirstAndInOrderSet(long start) {
        Alarms alarms = new Alarms(start);
        alarms.set(start + 30, named("late"));
        alarms.set(start + 10, named("first"));
        alarms.set(start + 10, named("second"));

        assertThat(alarms.untilNext(start + 4)).isEqualTo(6);
        alarms.sound(start + 9);
        assertThat(heard).isEmpty();
        alarms.sound(start + 10);
        assertThat(heard).containsExactly("first", "second");
        assertThat(alarms.untilNext(start + 10)).isEqualTo(20);
    }

    @Test
    void dueAlarmLeavesNoTimeToSleep() {
        Alarms alarms = new Alarms(0);
        alarms.set(10, named("due"));

        assertThat(alarms.untilNext(10)).isEqualTo(1);
        assertThat(alarms.untilNext(25)).isEqualTo(1);
    }

    @Test
    void cancelledAlarmDoesNotRing() {
        Alarms alarms = new Alarms(0);
        Alarms.Alarm alarm = alarms.set(10, named("cancelled"));
        alarms.cancel(alarm);
        alarms.sound(20);

        assertThat(alarms.isEmpty()).isTrue();
        assertThat(heard).isEmpty();
    }

    private EventLoopHandler named(String name) {
        return new EventLoopHandler() {
            @Override
            public void ready() {}

            @Override
            public void alarm(long now) {
                heard.add(name);
            }

            @Override
            public void abort() {}
        };
    }
}
