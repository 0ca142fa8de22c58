package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/**
 * Runs fixtures as JUnit runs tests, and judges how they end. Fixtures are nested static classes, which Surefire does not
 * run by itself.
 */
record Run(EngineExecutionResults results) {

    static Run of(Class<?>... fixtures) {
        return with(Map.of(), fixtures);
    }

    static Run with(Map<String, String> configuration, Class<?>... fixtures) {
        InjectedLog.reset();
        return new Run(EngineTestKit.engine("junit-jupiter")
                .configurationParameter("junit.jupiter.execution.timeout.default", "50 s")
                .configurationParameters(configuration)
                .selectors(
                        Stream.of(fixtures).map(DiscoverySelectors::selectClass).toArray(DiscoverySelector[]::new))
                .execute());
    }

    /** Checks that all tests ran, that none failed and that nothing they saw is open. */
    Run passed(int tests) throws IOException {
        assertThat(failures()).isEmpty();
        assertThat(results.testEvents().succeeded().count()).isEqualTo(tests);
        InjectedLog.assertAllClosed();
        return this;
    }

    /** Returns the only failure; checks that nothing the tests saw is open. */
    Throwable failure() throws IOException {
        List<Throwable> failures = failures();
        assertThat(failures).hasSize(1);
        InjectedLog.assertAllClosed();
        return failures.get(0);
    }

    List<Throwable> failures() {
        return results.allEvents()
                .failed()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class)
                        .getThrowable()
                        .orElseThrow())
                .toList();
    }

    List<String> reported() {
        return results.allEvents()
                .reportingEntryPublished()
                .map(event -> event.getRequiredPayload(ReportEntry.class)
                        .getKeyValuePairs()
                        .toString())
                .toList();
    }
}
