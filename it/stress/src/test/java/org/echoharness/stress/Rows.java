package org.echoharness.stress;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.opentest4j.TestAbortedException;

/** Hands each test its {@link Row}, prints the row after it, and the table, also in a file, after the last. */
final class Rows implements ParameterResolver, AfterTestExecutionCallback {

    private static final ExtensionContext.Namespace OURS = ExtensionContext.Namespace.create(Rows.class);

    /** The rows of a run; JUnit closes it at the end. */
    private static final class Table implements ExtensionContext.Store.CloseableResource {

        private final List<String> lines = new ArrayList<>();
        private final Path file = Path.of("target", "stress.txt");

        /** Writes the row at once, so that an aborted run leaves its rows. */
        synchronized void add(String line) throws IOException {
            lines.add(line);
            Files.write(file, lines);
            System.out.println(line);
        }

        @Override
        public synchronized void close() {
            System.out.println("\nrow | figure | pass figure\n--- | --- | ---");
            lines.forEach(System.out::println);
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        return parameter.getParameter().getType() == Row.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        return test.getStore(OURS).getOrComputeIfAbsent(Row.class);
    }

    @Override
    public void afterTestExecution(ExtensionContext test) throws IOException {
        Stress stress = test.getRequiredTestMethod().getAnnotation(Stress.class);
        Row row = test.getStore(OURS).getOrComputeIfAbsent(Row.class);
        String line = String.format(
                Locale.ROOT,
                "%s | %s%s (%.1f s) | %s",
                stress.row(),
                outcome(test.getExecutionException()),
                row.text(),
                row.seconds(),
                stress.pass());
        test.getRoot().getStore(OURS).getOrComputeIfAbsent(Table.class).add(line);
    }

    private static String outcome(Optional<Throwable> thrown) {
        return thrown.map(why -> why instanceof TestAbortedException
                        ? "skipped: " + why.getMessage() + " "
                        : "FAILED: " + firstLine(why) + "; ")
                .orElse("");
    }

    private static String firstLine(Throwable why) {
        return why.toString().strip().lines().limit(6).reduce("", (all, line) -> (all + " " + line.strip()).strip());
    }
}
