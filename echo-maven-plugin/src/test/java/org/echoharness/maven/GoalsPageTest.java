package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.echoharness.maven.Descriptor.Goal;
import org.echoharness.maven.Descriptor.Parameter;
import org.junit.jupiter.api.Test;

/** GOALS.md against the descriptor. */
class GoalsPageTest {

    private static final Path PAGE = Path.of("GOALS.md");
    private static final String SENTENCES = "(?s)[A-Z].{9,}\\.";

    @Test
    void pageMatchesDescriptor() throws Exception {
        String page = Files.readString(PAGE);
        String head = page.substring(0, page.indexOf("\n## ") + 1);
        String right =
                Descriptor.goals().stream().map(GoalsPageTest::section).collect(Collectors.joining("\n", head, ""));
        Path written = Files.writeString(Path.of("target", "GOALS.md"), right);

        assertThat(page).as("to update %s, copy %s over it", PAGE, written).isEqualTo(right);
    }

    /** The goal help prints these texts. */
    @Test
    void everyGoalAndParameterHasSentence() throws Exception {
        assertThat(Descriptor.goals()).hasSizeGreaterThan(5).allSatisfy(goal -> {
            assertThat(goal.description()).as(goal.name()).matches(SENTENCES);
            assertThat(goal.parameters())
                    .allSatisfy(parameter -> assertThat(parameter.description())
                            .as(goal.name() + ", " + parameter.name())
                            .matches(SENTENCES));
        });
    }

    private static String section(Goal goal) {
        String phase = goal.phase().isEmpty() ? "no phase" : "the phase `" + goal.phase() + "`";
        return "## " + goal.name() + "\n\n" + text(goal.description()) + "\n\nBy default it is bound to " + phase
                + (goal.requiresProject() ? "; it needs a project" : "") + ".\n\n"
                + "| parameter | property | default | meaning |\n|---|---|---|---|\n" + rows(goal.parameters());
    }

    private static String rows(List<Parameter> parameters) {
        return parameters.stream()
                .map(parameter -> "| `" + parameter.name() + "` | " + code(parameter.property()) + " | "
                        + code(parameter.defaultValue()) + " | " + text(parameter.description()) + " |\n")
                .collect(Collectors.joining());
    }

    private static String code(String text) {
        return text.isEmpty() ? "" : "`" + text + "`";
    }

    /** Names the goal help in full: the short name works only in projects that declare the plugin. */
    private static String text(String description) {
        String plugin = Descriptor.mojo("help").getPluginDescriptor().getId();
        return description
                .replace("mvn echo:help", "mvn " + plugin + ":help")
                .replaceAll("<br>|\\R", " ")
                .replace("*", "\\*")
                .replace("|", "\\|")
                .replace("<", "\\<");
    }
}
