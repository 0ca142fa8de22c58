package org.echoharness.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts of plans. One that can be read has a text that is read as the same plan. */
class FaultPlanFuzz {

    private static final Pattern POSITION = Pattern.compile("at position (\\d{1,6}): ");

    static Stream<Arguments> seeds() {
        return Inputs.seeds(
                "none",
                "reset",
                "first 2: reset after 4; others: delay 50ms",
                "connection 1: reset after 4KiB; connections 2-4: delay 1s jitter 10ms, fragment 16 every 5ms; others: none",
                "connections 5-: throttle 64KiB/s; every 3rd: stall after 2s",
                "random 10% seed 42: close after 300 sent",
                "half-close on fin, discard after 1 message",
                "corrupt 0.5% seed 7 after 16",
                "corrupt every 3rd byte, duplicate 4 after 3 messages",
                "truncate 10 after 2 messages",
                "insert \"\\x00\\r\\n\" after 5, replace \"a\" every 2nd message",
                "reset at accept to server, delay 1m to client",
                "stall after client-hello, reset after server-hello",
                "close-without-notify on fin",
                "plain \"HTTP/1.1 400 Bad Request\\r\\n\\r\\n\"",
                "plain, fragment 1 on the wire",
                "reset after 9223372036854775807",
                "delay 525600m, delay 31536000000ms",
                "plain \"x\"\" at position 0: \"",
                // No plan, but all words, for the fuzzer to take from:
                "connection connections first every random seed others none delay jitter throttle KiB/s fragment reset"
                        + " close half-close discard stall corrupt truncate duplicate insert replace drop plain"
                        + " close-without-notify on fin on the wire at accept after to server to client sent received"
                        + " messages message client-hello server-hello handshake 1st 2nd 3rd 11th byte KiB MiB GiB ms s m"
                        + " h 9223372036854775808 0.5% \\n \\x00");
    }

    @MethodSource("seeds")
    @FuzzTest
    void plan(byte[] input) {
        String text = Inputs.text(input);
        FaultPlan plan;
        try {
            plan = FaultPlan.parse(text);
        } catch (IllegalArgumentException refused) {
            assertPosition(refused, text);
            return;
        }
        assertThat(FaultPlan.parse(plan.toString())).as(text).isEqualTo(plan);
        for (FaultPlan.Rule rule : plan.rules()) {
            for (Fault fault : rule.faults()) {
                assertThat(Fault.parse(fault.toString())).as(text).isEqualTo(fault);
            }
        }
        Inputs.assertShown(plan.toString());
        try {
            EchoServer.builder().faults(plan).build();
        } catch (IllegalArgumentException refused) {
            Inputs.assertRefusal(refused, "", input.length);
        }
    }

    private static void assertPosition(IllegalArgumentException refused, String text) {
        Inputs.assertRefusal(refused, "faults: ", text.length());
        assertThat(POSITION.matcher(refused.getMessage()).results()) // the text that is quoted may have some too
                .as("%s", refused)
                .extracting(found -> Integer.parseInt(found.group(1)))
                .anyMatch(position -> position >= 1 && position <= text.length() + 1);
    }
}
