package org.echoharness.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimeAxisTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1000, 1 \u00b5s",
        "500000, 500 \u00b5s",
        "1500000, 1.5 ms",
        "20000000, 20 ms",
        "123456789, 123 ms",
        "12345678, 12.3 ms",
        "1000000000, 1 s",
        "61500000000, 61.5 s"
    })
    void timeIsShort(long nanos, String text) {
        assertThat(TimeAxis.text(nanos)).isEqualTo(text);
    }

    @Test
    void positionsHaveFixedWidthAndStayOnAxis() {
        TimeAxis axis = TimeAxis.of(2_000);
        assertThat(axis.percent(0)).isEqualTo("000.00%");
        assertThat(axis.percent(-5)).isEqualTo("000.00%");
        assertThat(axis.percent(667)).isEqualTo("033.35%");
        assertThat(axis.percent(2_000)).isEqualTo("100.00%");
        assertThat(axis.percent(9_000)).isEqualTo("100.00%");
        assertThat(axis.length(500, 1_000)).isEqualTo("025.00%");
        assertThat(axis.length(500, 500)).as("still seen").isEqualTo("000.20%");
        assertThat(axis.place(1_000)).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "4999, 0|1 \u00b5s|2 \u00b5s|3 \u00b5s|4 \u00b5s",
        "95000000, 0|20 ms|40 ms|60 ms|80 ms",
        "700000000, 0|200 ms|400 ms|600 ms",
        "86400000000000, 0|20000 s|40000 s|60000 s|80000 s"
    })
    void linesAreAtRoundTimes(long span, String labels) throws IOException {
        StringBuilder svg = new StringBuilder();
        TimeAxis.of(span).writeLabels(svg);
        assertThat(svg.toString().replaceAll("</text><text[^>]*>", "|").replaceAll("<[^>]*>", ""))
                .isEqualTo(labels);
    }
}
