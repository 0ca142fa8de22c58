package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.Event;

/**
 * Fixtures of other tests end with an external server exactly as they do with an embedded one: the same tests pass, and the
 * others fail with the same messages and conversations.
 */
class SameEverywhereTest {

    private static final List<EchoServer> SERVERS = new ArrayList<>();
    private static String url;

    @BeforeAll
    static void start() throws IOException {
        EchoServer first = EchoServer.builder().control("127.0.0.1:0").start();
        SERVERS.add(first);
        for (String name : List.of("a", "b", "real", "own", "upstream", "shared")) {
            SERVERS.add(EchoServer.builder().control(first, name).start());
        }
        url = first.controlUri().orElseThrow() + "#token="
                + first.controlToken().orElseThrow();
    }

    @AfterAll
    static void close() {
        SERVERS.forEach(EchoServer::close);
        assertThat(SERVERS.stream()
                        .mapToLong(each -> each.counters().accepted())
                        .sum())
                .as("connections of external servers")
                .isGreaterThan(50);
    }

    static Stream<Class<?>> fixtures() {
        return Stream.of(
                ChecksTest.Leaks.class,
                ChecksTest.LeaksBehindAFault.class,
                CheckLimitsTest.Interrupted.class,
                ClientsTest.EveryPlace.class,
                FailureTest.Failing.class,
                FailureTest.SharedServer.class,
                FailureTest.ByItsConstructor.class,
                HangRescueTest.OfTheClass.class,
                LifetimesTest.ServerOfItsOwn.class,
                LifetimesTest.DeclaredOnMethod.class,
                RelayChecksTest.HoldsUp.class,
                RelayResetsTest.ByClient.class,
                ReportsTest.Dynamic.class,
                ReportsTest.AfterAllFails.class,
                ResetsAndFaultsTest.Resets.class,
                ResetsAndFaultsTest.Restarted.class,
                ResetsAndFaultsTest.ResetByItsClient.class,
                ResetsAndFaultsTest.Unconsumed.class,
                ScopesTest.NestedDeclaring.class,
                ScriptCheckTest.Meets.class,
                ScriptCheckTest.Swallows.class,
                ScriptCheckTest.LeavesSteps.class,
                ScriptCheckTest.Resets.class,
                ScriptCheckTest.StaysOpen.class,
                ScriptCheckTest.SendsTooMuch.class,
                ScriptCheckTest.WrongAfterFault.class,
                ScriptCheckTest.Shared.class,
                SharedServerChecksTest.PerClass.class,
                SharedServerChecksTest.ConsumedByAnotherTest.class,
                SharedServerChecksTest.OfTheRun.class,
                WholeRunTest.Failing.class);
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void endsAsEmbedded(Class<?> fixture) {
        List<String> embedded = ends(fixture, Map.of());
        List<String> external = ends(fixture, Map.of("echo.source", "EXTERNAL", "echo.control.url", url));

        assertThat(external).isEqualTo(embedded);
    }

    private static List<String> ends(Class<?> fixture, Map<String, String> configuration) {
        return Run.with(configuration, fixture)
                .results()
                .allEvents()
                .finished()
                .map(SameEverywhereTest::text)
                .sorted(Comparator.naturalOrder())
                .toList();
    }

    /** Returns how the test or the class ended, without ports and times. */
    private static String text(Event event) {
        TestExecutionResult result = event.getRequiredPayload(TestExecutionResult.class);
        List<String> lines = new ArrayList<>();
        lines.add(event.getTestDescriptor().getUniqueId() + " " + result.getStatus());
        result.getThrowable().ifPresent(thrown -> {
            lines.add(thrown.toString());
            for (Throwable each : thrown.getSuppressed()) {
                lines.add(each.toString());
            }
        });
        return String.join("\n", lines)
                .replaceAll("127\\.0\\.0\\.1:\\d+", "HOST:PORT")
                .replaceAll("(?m)^ +[0-9.]+( +[+][0-9.]+)? +", "TIME ")
                .replaceAll("[0-9.]+ ?(ms|us|s)\\b", "TIME")
                .replaceAll("Connection reset by peer", "Connection reset")
                .replace(" (the address is from the configuration parameter echo.control.url)", "");
    }
}
