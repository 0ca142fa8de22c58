package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random values depend only on the seed, the connection's number and the position of a byte. */
class SeedsTest {

    private static final String CORRUPT = "corrupt 30% seed 7";
    private static final String JITTER = "delay 30ms jitter 20ms seed 7";
    private static final String CLIENT = "0 abcdefgh, 100 ijklmnop, 200 qrstuvwx, 300 FIN";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fragment 3",
                "fragment 3, fragment 5",
                "delay 10ms",
                "throttle 1KiB/s",
                "corrupt byte 1000",
                "slow-close 1s",
                "greet \"x\" after 1000",
                "stall after 1h",
                JITTER
            })
    void otherFaultsDoNotChangeFlippedBytes(String other) {
        String alone = bytes(CORRUPT, 1);

        assertThat(bytes(CORRUPT + ", " + other, 1)).isEqualTo(alone);
        assertThat(bytes(other + ", " + CORRUPT, 1)).isEqualTo(alone);
        assertThat(bytes(other + ", " + CORRUPT + ", " + other, 1)).isEqualTo(alone);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fragment 30", "corrupt", "slow-close 1ms", "duplicate 3 after 1000", CORRUPT})
    void otherFaultsDoNotChangeJitter(String other) {
        List<Long> alone = times(JITTER, 1);

        assertThat(times(JITTER + ", " + other, 1)).isEqualTo(alone);
        assertThat(times(other + ", " + JITTER, 1)).isEqualTo(alone);
        assertThat(times(other + ", " + JITTER + ", " + other, 1)).isEqualTo(alone);
    }

    /** Then the start of the fault, which may depend on time, changes no draw. */
    @Test
    void laterStartFlipsSameBytes() {
        String from1 = bytes(CORRUPT, 1);
        String plain = "abcdefghijklmnopqrstuvwx";

        assertThat(bytes(CORRUPT + " after 8", 1)).isEqualTo(plain.substring(0, 8) + from1.substring(8));
        assertThat(bytes(CORRUPT + " after 50ms", 1)).isEqualTo(plain.substring(0, 8) + from1.substring(8));
        assertThat(bytes("truncate 4, " + CORRUPT, 1)).isEqualTo(from1.substring(4));
        assertThat(bytes("duplicate 4, " + CORRUPT, 1)).isEqualTo(from1.substring(0, 4) + from1);
    }

    @Test
    void connectionsDrawIndependently() {
        assertThat(bytes(CORRUPT, 2)).isNotEqualTo(bytes(CORRUPT, 1)).isEqualTo(bytes("fragment 3, " + CORRUPT, 2));
        assertThat(times(JITTER, 2)).isNotEqualTo(times(JITTER, 1)).isEqualTo(times("fragment 30, " + JITTER, 2));
    }

    private static List<SimulatedConnection.Event> seen(String plan, long connection) {
        return SimulatedConnection.by(FaultPlan.parse(plan).rules().get(0).faults(), connection)
                .client(CLIENT)
                .run();
    }

    private static String bytes(String plan, long connection) {
        return SimulatedConnection.bytes(seen(plan, connection));
    }

    private static List<Long> times(String plan, long connection) {
        return seen(plan, connection).stream()
                .map(SimulatedConnection.Event::nanos)
                .collect(Collectors.toList());
    }
}
