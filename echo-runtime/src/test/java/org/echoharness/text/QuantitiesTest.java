package org.echoharness.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The limits of each quantity, and the texts on both sides of them. */
class QuantitiesTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "9223372036854775807, 9223372036854775807",
        "0000000000000000000000000000000000000016, 16", // 40 digits
        "8388607TiB, none",
        "8589934591GiB, 9223372035781033984",
        "8589934592GiB, none",
        "00000000000000000000000000000000000000016, none", // 41 digits are not read
    })
    void readsSizesUpToLimit(String text, String bytes) {
        if (bytes.equals("none")) {
            assertThatIllegalArgumentException().isThrownBy(() -> Quantities.size("size", text));
        } else {
            assertThat(Quantities.size("size", text)).isEqualTo(Long.parseLong(bytes));
        }
    }

    @ParameterizedTest
    @CsvSource({"50ms, true", "1h, true", "5, false", "5KiB, false", "ms, false", "'', false"})
    void knowsDurations(String text, boolean isDuration) {
        assertThat(Quantities.isDuration(text)).isEqualTo(isDuration);
    }

    @ParameterizedTest
    @CsvSource({
        "PT-1S, 0, 0.000",
        "PT0S, 0, 0.000",
        "PT0.000000999S, 999, 0.000",
        "PT0.000001S, 1000, 0.001",
        "PT0.012345678S, 12345678, 12.345",
        "PT1S, 1000000000, 1000.000",
        "P365D, 31536000000000000, 31536000000.000",
        "P366D, 31536000000000000, 31536000000.000",
        "PT2562047788015215H, 31536000000000000, 31536000000.000", // its nanoseconds are too many for a long
    })
    void countsNanosecondsUpToAYear(Duration duration, long nanos, String millis) {
        assertThat(Quantities.nanos(duration)).isEqualTo(nanos);
        assertThat(Quantities.millis(duration)).isEqualTo(millis);
    }

    @ParameterizedTest
    @CsvSource({
        "PT0.001S, ''",
        "PT0.0015S, ''",
        "P365D, ''",
        "PT0S, 0s",
        "PT0.000999999S, PT0.000999999S",
        "PT-0.001S, PT-0.001S",
        "PT-1M, PT-1M",
        "PT8760H0.000000001S, PT8760H0.000000001S",
        "P366D, PT8784H",
    })
    void durationsAreFromOneMillisecondToAYear(Duration value, String refused) {
        if (refused.isEmpty()) {
            assertThat(Quantities.positive("delay", value)).isEqualTo(value);
        } else {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Quantities.positive("delay", value))
                    .withMessage("delay (" + refused + ") must be at least 1ms and at most 365 days");
        }
    }

    @Test
    void someDurationsAreWholeMilliseconds() {
        assertThat(Quantities.wholeMillis("delay", Duration.ofMillis(2))).isEqualTo(Duration.ofMillis(2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantities.wholeMillis("delay", Duration.ofNanos(1_000_001)))
                .withMessage("delay (PT0.001000001S) must be a whole number of milliseconds");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantities.wholeMillis("delay", Duration.ZERO))
                .withMessage("delay (0s) must be at least 1ms and at most 365 days");
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0s",
        "PT0.999S, 999ms",
        "PT1S, 1s",
        "PT59S, 59s",
        "PT60S, 1m",
        "PT61S, 61s",
        "P365D, 525600m",
        "PT8760H0.001S, PT8760H0.001S",
        "P-365D, -525600m",
        "PT-8760H-0.001S, PT-8760H-0.001S",
    })
    void printsDurations(Duration duration, String text) {
        assertThat(Quantities.text(duration)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1, 1",
        "1023, 1023",
        "1024, 1KiB",
        "1025, 1025",
        "2048, 2KiB",
        "1047552, 1023KiB",
        "1048576, 1MiB",
        "1073741824, 1GiB",
        "1099511627776, 1024GiB"
    })
    void printsSizes(long bytes, String text) {
        assertThat(Quantities.text(bytes)).isEqualTo(text);
        assertThat(Quantities.size("size", text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1st",
        "2, 2nd",
        "3, 3rd",
        "4, 4th",
        "10, 10th",
        "11, 11th",
        "12, 12th",
        "13, 13th",
        "14, 14th",
        "21, 21st",
        "22, 22nd",
        "23, 23rd",
        "101, 101st",
        "111, 111th",
        "113, 113th",
        "114, 114th",
        "123, 123rd"
    })
    void printsOrdinals(long number, String text) {
        assertThat(Quantities.ordinal(number)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"5, 5, byte 5", "5, 9, bytes 5-9", "5, 9223372036854775807, bytes 5-", "1, 2, bytes 1-2"})
    void printsRanges(long first, long last, String text) {
        Quantities.range("bytes", first, last);
        assertThat(Quantities.rangeText("byte", first, last)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "0, 5, 0-5", "5, 4, 5-4", "-1, -1, -1"})
    void refusesOtherRanges(long first, long last, String shown) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantities.range("bytes", first, last))
                .withMessage("bytes (" + shown + ") must begin at 1 or later and not end before it begins");
    }

    @Test
    void percentagesAreOverZeroAndAtMostHundred() {
        assertThat(Quantities.percent("p", 100)).isEqualTo(100);
        assertThat(Quantities.percent("p", 0.001)).isEqualTo(0.001);
        for (Object[] wrong : new Object[][] {
            {0.0, "0%"}, {100.5, "100.5%"}, {-1.0, "-1%"}, {Double.NaN, "NaN%"}, {1 / 0.0, "Infinity%"}
        }) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Quantities.percent("p", (double) wrong[0]))
                    .withMessage("p (" + wrong[1] + ") must be over 0% and at most 100%");
        }
        assertThat(Quantities.percentText(10)).isEqualTo("10%");
        assertThat(Quantities.percentText(0.5)).isEqualTo("0.5%");
    }

    @Test
    void numbersAreInTheirRange() {
        Quantities.atLeastOne("n", 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantities.atLeastOne("n", 0))
                .withMessage("n (0) must be at least 1");
        assertThat(Quantities.inRange("n", 1, 1, 3, " bytes")).isEqualTo(1);
        assertThat(Quantities.inRange("n", 3, 1, 3, " bytes")).isEqualTo(3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantities.inRange("n", 0, 1, 3, " bytes"))
                .withMessage("n (0) must be at least 1 bytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantities.inRange("n", 4, 1, 3, " bytes"))
                .withMessage("n (4) must be at most 3 bytes");
    }

    @Test
    void drawsShortSeeds() {
        for (int i = 0; i < 100; i++) {
            assertThat(Quantities.drawnSeed()).isBetween(1L, 999_999L);
        }
    }
}
