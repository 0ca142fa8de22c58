package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.echoharness.HostAndPort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What BUILDS.md says that goals publish and print, against goals that run. */
@Timeout(60)
class BuildsPageTest {

    private static List<String> found(String pattern) throws IOException {
        return Pattern.compile(pattern, Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("BUILDS.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    @Test
    void tableHasEveryPublishedProperty(@TempDir Path directory) throws Exception {
        Build build = new Build(directory);
        build.start().execute();
        try {
            Properties published = new Properties();
            try (Reader in = Files.newBufferedReader(build.file())) {
                published.load(in);
            }
            TreeSet<String> names = new TreeSet<>(published.stringPropertyNames());
            for (String ofProcess : List.of("echo.pid", "echo.started")) { // the row of the file names them
                assertThat(names.remove(ofProcess)).as(ofProcess).isTrue();
            }
            assertThat(found("^\\| (?:project properties)? *\\| `(echo\\.\\S+)` \\|"))
                    .containsExactlyInAnyOrderElementsOf(names);
            assertThat(found("^\\| a file \\| `(\\S+)` \\| the same properties, `echo\\.pid`, .* and `echo\\.started`"))
                    .containsExactly("target/echo/servers.properties");
            assertThat(directory.relativize(build.file()))
                    .isEqualTo(Path.of("echo", "servers.properties")); // the directory is target in Maven
            assertThat(found("^\\| *\\| `echo\\.control\\.token` \\| `(\\w+)` \\|")
                            .get(0))
                    .hasSameSizeAs(published.getProperty("echo.control.token"));
        } finally {
            build.stop().execute();
        }
    }

    /** The page shows three lines; their figures are of one run. */
    @Test
    void linesOfRoundTripsAreAsShown() throws IOException {
        Histogram latencies = new Histogram(3);
        latencies.recordValueWithCount(1_000, 40_000);
        RoundTripFigures figures = new RoundTripFigures(latencies, 2_528_000_000L, 4);
        List<String> printed = List.of(
                figures.rate(), figures.latency(), figures.summary(HostAndPort.parse("127.0.0.1:39061"), 42, 42));

        assertThat(found("^\\[INFO] (.*(?:round trips|latency).*)$").stream()
                        .map(BuildsPageTest::withoutFigures)
                        .toList())
                .isEqualTo(printed.stream().map(BuildsPageTest::withoutFigures).toList());
    }

    private static String withoutFigures(String line) {
        return line.replaceAll("\\d+\\.\\d{3}", "X.XXX").replaceAll("\\d+ a second", "N a second");
    }
}
