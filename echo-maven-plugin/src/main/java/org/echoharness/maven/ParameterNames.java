package org.echoharness.maven;

import static java.util.Collections.disjoint;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.model.ConfigurationContainer;
import org.apache.maven.model.PluginExecution;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.descriptor.MojoDescriptor;
import org.apache.maven.plugin.descriptor.Parameter;
import org.apache.maven.project.MavenProject;
import org.codehaus.plexus.configuration.PlexusConfiguration;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.jspecify.annotations.Nullable;

/**
 * Warns of elements that are no parameter of a goal, which Maven 3 passes over in silence, and of properties that are close
 * to one of the goal's.
 */
record ParameterNames(MojoExecution execution, MavenSession session, MavenProject project, Consumer<String> warnings) {

    private static final String PREFIX = "echo.";
    /** What a build publishes. */
    private static final String PUBLISHED = "echo.server.";

    /** Words that people try, with what the goals call it. */
    private static final Map<String, List<String>> OTHER_WORDS = Map.of(
            "port", List.of("addresses", "address"),
            "ports", List.of("addresses", "address"),
            "host", List.of("addresses", "address"),
            "ip", List.of("addresses", "address"),
            "bind", List.of("addresses", "address"),
            "listen", List.of("addresses", "address"),
            "name", List.of("id"),
            "text", List.of("message"),
            "threads", List.of("eventLoops"),
            "count", List.of("repeat"));

    void check() {
        MojoDescriptor goal = execution.getMojoDescriptor();
        if (goal != null) {
            checkElements(goal);
            checkProperties(goal);
        }
    }

    private void checkElements(MojoDescriptor goal) {
        Xpp3Dom ofPlugin = configuration(execution.getPlugin());
        PluginExecution inPom = execution.getPlugin().getExecutionsAsMap().get(execution.getExecutionId());
        Xpp3Dom given = inPom == null ? ofPlugin : configuration(inPom);
        List<String> goals = inPom == null ? List.of() : inPom.getGoals();
        for (Xpp3Dom element : given == null ? new Xpp3Dom[0] : given.getChildren()) {
            String name = element.getName();
            boolean forAll = ofPlugin != null && ofPlugin.getChild(name) != null;
            List<String> users = goalsWith(goal, name);
            if (!users.contains(goal.getGoal()) && (users.isEmpty() || (!forAll && disjoint(goals, users)))) {
                warnings.accept("<" + name + "> is no parameter of " + goal.getGoal() + " and has no effect; "
                        + cure(name, parameters(goal), users));
            }
        }
    }

    private static String cure(String given, Set<String> known, List<String> users) {
        String near = nearest(given, known);
        if (near != null) {
            return "did you mean <" + near + ">?";
        }
        return users.isEmpty()
                ? "its parameters are " + String.join(", ", known)
                : "it is one of " + String.join(", ", users);
    }

    private void checkProperties(MojoDescriptor goal) {
        Set<String> known =
                mojos(goal).flatMap(mojo -> properties(mojo).stream()).collect(Collectors.toCollection(TreeSet::new));
        Map<String, String> set = new TreeMap<>();
        project.getProperties().stringPropertyNames().forEach(name -> set.put(name, name));
        session.getUserProperties().stringPropertyNames().forEach(name -> set.put(name, "-D" + name));
        set.forEach((name, text) -> {
            if (name.startsWith(PREFIX) && !name.startsWith(PUBLISHED) && !known.contains(name)) {
                String near = nearestProperty(name, properties(goal));
                if (near != null && !isUsed(name)) {
                    warnings.accept("the property " + text + " is none of " + goal.getGoal() + " and has no effect;"
                            + " did you mean " + text.replace(name, near) + "?");
                }
            }
        });
    }

    /** The last words are compared; those before must be alike, or be left out. */
    private static @Nullable String nearestProperty(String given, Set<String> candidates) {
        Map<String, String> byWord = new TreeMap<>();
        for (String candidate : candidates) {
            String group = group(candidate);
            if (group(given).equals("echo") || distance(group(given), group) <= 2) {
                byWord.putIfAbsent(word(candidate), candidate);
            }
        }
        String near = byWord.containsKey(word(given)) ? word(given) : nearest(word(given), byWord.keySet());
        return near == null ? null : byWord.get(near);
    }

    private static String group(String property) {
        return property.substring(0, property.lastIndexOf('.'));
    }

    private static String word(String property) {
        return property.substring(property.lastIndexOf('.') + 1);
    }

    static @Nullable String nearest(String given, Set<String> words) {
        for (String other : OTHER_WORDS.getOrDefault(given.toLowerCase(Locale.ROOT), List.of())) {
            if (words.contains(other)) {
                return other;
            }
        }
        return words.stream()
                .filter(word -> isNear(given.toLowerCase(Locale.ROOT), word.toLowerCase(Locale.ROOT)))
                .min(Comparator.comparingInt(word -> distance(given, word)))
                .orElse(null);
    }

    private static boolean isNear(String given, String word) {
        int shorter = Math.min(given.length(), word.length());
        int longer = Math.max(given.length(), word.length());
        return distance(given, word) <= (shorter < 4 ? 1 : Math.max(2, longer / 3))
                || (shorter >= 4 && (word.contains(given) || given.contains(word)));
    }

    private static int distance(String one, String other) {
        return LevenshteinDistance.getDefaultInstance().apply(one, other);
    }

    /** Whether the POM, or one above it in a file, names the property, which is then one of its own. */
    private boolean isUsed(String property) {
        for (MavenProject pom = project; pom != null; pom = pom.getParent()) {
            File file = pom.getFile();
            try {
                if (file != null && Files.readString(file.toPath()).contains("${" + property + "}")) {
                    return true;
                }
            } catch (IOException unreadable) {
                return true; // who knows
            }
        }
        return false;
    }

    private static List<String> goalsWith(MojoDescriptor goal, String parameter) {
        return mojos(goal)
                .filter(mojo -> parameters(mojo).contains(parameter))
                .map(MojoDescriptor::getGoal)
                .sorted()
                .toList();
    }

    private static Stream<MojoDescriptor> mojos(MojoDescriptor goal) {
        return goal.getPluginDescriptor().getMojos().stream();
    }

    private static Set<String> parameters(MojoDescriptor goal) {
        return goal.getParameters().stream()
                .filter(Parameter::isEditable)
                .map(Parameter::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> properties(MojoDescriptor goal) {
        Set<String> properties = new TreeSet<>();
        for (PlexusConfiguration parameter : goal.getMojoConfiguration().getChildren()) {
            String expression = parameter.getValue("");
            if (expression.startsWith("${" + PREFIX)) {
                properties.add(expression.substring(2, expression.length() - 1));
            }
        }
        return properties;
    }

    private static @Nullable Xpp3Dom configuration(ConfigurationContainer of) {
        return of.getConfiguration() instanceof Xpp3Dom configuration ? configuration : null;
    }
}
