package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultParserTest {

    private static final long SEED = 20_260_101;

    @Test
    void readsEveryFaultFromItsText() {
        Plans plans = Plans.withTls(new Random(SEED), Long.MAX_VALUE);
        for (int i = 0; i < 20_000; i++) {
            Fault fault = plans.fault();
            assertThat(Fault.parse(fault.toString()))
                    .as("number %s from seed %s: %s", i, SEED, fault)
                    .isEqualTo(fault)
                    .hasToString(fault.toString());
        }
    }

    @Test
    void readsEveryPlanFromItsText() {
        Plans plans = Plans.withTls(new Random(SEED), Long.MAX_VALUE);
        for (int i = 0; i < 10_000; i++) {
            FaultPlan plan = plans.plan();
            assertThat(FaultPlan.parse(plan.toString()))
                    .as("number %s from seed %s: %s", i, SEED, plan)
                    .isEqualTo(plan)
                    .hasToString(plan.toString());
        }
        assertThat(FaultPlan.parse("none")).isEqualTo(FaultPlan.none()).hasToString("none");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                reset at accept               | reset
                reset after 4 received        | reset after 4
                reset after 4B sent           | reset after 4 sent
                reset after 2048              | reset after 2KiB
                reset after 1000ms            | reset after 1s
                reset after 2h                | reset after 120m
                reset after 1 message         | reset after 1 message
                reset after 1 messages        | reset after 1 message
                reset after 2 messages        | reset after 2 messages
                corrupt every 1st message     | corrupt every 1st message
                corrupt every 22nd message    | corrupt every 22nd message
                slow-close 1s on fin          | slow-close 1s
                delay 50ms jitter 10ms seed 4 | delay 50ms jitter 10ms seed 4
                throttle 1024B/s              | throttle 1KiB/s
                corrupt byte 5-9              | corrupt bytes 5-9
                corrupt bytes 5-5             | corrupt byte 5
                corrupt bytes 5-              | corrupt bytes 5-
                corrupt bytes 1-              | corrupt
                corrupt 010.50% seed -3       | corrupt 10.5% seed -3
                greet 'a "b" c'               | greet "a \\"b\\" c"
                greet "it's"                  | greet "it's"
                greet 'it\\'s'                | greet "it's"
                greet "\\n\\r\\t\\0\\\\\\x7F\\xff" | greet "\\n\\r\\t\\x00\\\\\\x7f\\xff"
                greet "a,b;c: #\\x22"         | greet "a,b;c: #\\""
                greet "é€😀"                  | greet "é€😀"
                """)
    void readsVariantsOfFaults(String text, String canonical) {
        assertThat(Fault.parse(text)).hasToString(canonical).isEqualTo(Fault.parse(canonical));
        assertThat(FaultPlan.parse(" \t" + text + " ")).hasToString(canonical);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                others:none                       | others: none
                connections 2: reset              | connection 2: reset
                connection 2-4:reset              | connections 2-4: reset
                connections 2-:reset;others : none| connections 2-: reset; others: none
                others: reset                     | reset
                first 2: close; reset             | first 2: close; others: reset
                first 2 : reset ,close            | first 2: reset, close
                every 11th: reset; every 21st: close; every 112th: stall; every 2nd: discard; every 3rd: corrupt|
                """)
    void readsVariantsOfConnectionRules(String text, String canonical) {
        assertThat(FaultPlan.parse(text)).hasToString(canonical == null ? text : canonical);
    }

    @Test
    void drawsMissingSeedAndShowsIt() {
        for (String text : List.of("corrupt 5%", "delay 5ms jitter 2ms")) {
            Fault fault = Fault.parse(text);
            assertThat(fault.toString()).matches(text + " seed [0-9]+");
            assertThat(Fault.parse(fault.toString())).isEqualTo(fault);
        }
        FaultPlan plan = FaultPlan.parse("random 10%: reset");
        assertThat(plan.toString()).matches("random 10% seed [0-9]+: reset");
        assertThat(FaultPlan.parse(plan.toString())).isEqualTo(plan);
    }

    @Test
    void writesJavaPlanAsText() {
        Duration second = Duration.ofSeconds(1);
        List<Fault> faults = List.of(
                Fault.delay(second),
                Fault.delay(second, Duration.ofMillis(5), 7).after(300),
                Fault.throttle(65_536).afterSent(10),
                Fault.fragment(16),
                Fault.fragment(16, Duration.ofMillis(5)),
                Fault.reset().onFin(),
                Fault.close().after(second),
                Fault.halfClose(),
                Fault.discard(),
                Fault.stall(),
                Fault.corrupt(),
                Fault.corrupt(5, 9),
                Fault.corruptAtRandom(1, 42),
                Fault.duplicate(42),
                Fault.truncate(10),
                Fault.slowClose(Duration.ofSeconds(2)),
                Fault.greet("h\u00e9\r\n"),
                Fault.greet("x".getBytes(StandardCharsets.UTF_8)));

        assertThat(FaultPlan.of(faults.toArray(new Fault[0])))
                .hasToString(
                        "delay 1s, delay 1s jitter 5ms seed 7 after 300, throttle 64KiB/s after 10 sent, fragment 16,"
                                + " fragment 16 every 5ms, reset on fin, close after 1s, half-close, discard, stall, corrupt,"
                                + " corrupt bytes 5-9, corrupt 1% seed 42, duplicate 42, truncate 10, slow-close 2s,"
                                + " greet \"hé\\r\\n\", greet \"x\"");
    }
}
