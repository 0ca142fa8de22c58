package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.echoharness.maven.Descriptor.Goal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Node;

class DescriptorTest {

    static List<Goal> goals() throws Exception {
        return Descriptor.goals();
    }

    @Test
    void listsGoals() throws Exception {
        assertThat(goals()).extracting(Goal::name).containsExactly("await", "client", "help", "run", "start", "stop");
    }

    @ParameterizedTest
    @MethodSource("goals")
    void everyGoalHasDescriptionAndVersion(Goal goal) {
        assertThat(goal.threadSafe()).isTrue();
        assertThat(goal.description()).matches("[A-Z].*[.](?s:.*)");
        if (!isGenerated(goal)) {
            assertThat(goal.since()).isNotEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("goals")
    void everyParameterIsDocumented(Goal goal) {
        assertThat(goal.parameters()).isNotEmpty().allSatisfy(parameter -> {
            assertThat(parameter.description()).matches("[A-Z].*[.](?s:.*)");
            if (!parameter.name().equals("servers")) { // it has parts, which the command line cannot express
                assertThat(parameter.property()).isNotEmpty();
            }
            if (parameter.defaultValue().isEmpty() && !isGenerated(goal)) {
                assertThat(parameter.description()).containsIgnoringCase("the default ");
            }
            if (!isGenerated(goal)) {
                assertThat(parameter.since()).isNotEmpty();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("goals")
    void propertiesHaveOwnPrefix(Goal goal) {
        assertThat(goal.parameters())
                .filteredOn(
                        parameter -> !isGenerated(goal) && !parameter.property().isEmpty())
                .allMatch(parameter -> parameter.property().startsWith("echo."));
    }

    @Test
    void eclipseIgnoresEveryGoal() throws Exception {
        assertThat(Descriptor.elements(
                        Descriptor.read("m2e/lifecycle-mapping-metadata.xml").getDocumentElement(), "goal"))
                .extracting(Node::getTextContent)
                .containsExactlyElementsOf(goals().stream().map(Goal::name).toList());
    }

    /** The help goal is generated and has no description of ours. */
    private static boolean isGenerated(Goal goal) {
        return goal.name().equals("help");
    }
}
