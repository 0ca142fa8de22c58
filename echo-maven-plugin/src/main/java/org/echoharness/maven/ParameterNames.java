package org.echoharness.maven;

import static java.util.Collections.disjoint;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.apache.maven.plugin.descriptor.MojoDescriptor;
import org.apache.maven.plugin.descriptor.Parameter;
import org.apache.maven.project.MavenProject;
import org.codehaus.plexus.configuration.PlexusConfiguration;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.jspecify.annotations.Nullable;

/**
 * Warns of elements that are no parameter of a goal or are empty, which Maven 3 ignores silently, of properties whose names
 * are close to one of the goal's, and of properties of other goals if none of those runs.
 */
record ParameterNames(GoalConfiguration configuration, Consumer<String> warnings) {

    private static final String PREFIX = "echo.";
    /** The properties that a build publishes. */
    private static final Pattern PUBLISHED = Pattern.compile("echo\\.server\\.[^.]+\\..+");

    /** The properties that tests read. */
    private static final List<String> OF_TESTS = List.of("echo.checks", "echo.servers.file", "echo.timeout");

    /** Words that people try, each with the goals' words for it. */
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
        MojoDescriptor goal = configuration.execution().getMojoDescriptor();
        if (goal != null) {
            checkElements(goal);
            checkProperties(goal);
        }
    }

    private void checkElements(MojoDescriptor goal) {
        Xpp3Dom written = configuration.written();
        Xpp3Dom ofPlugin = configuration.writtenForAll();
        for (Xpp3Dom element : written == null ? new Xpp3Dom[0] : written.getChildren()) {
            String name = element.getName();
            boolean forAll = ofPlugin != null && ofPlugin.getChild(name) != null;
            List<String> users = goalsWith(goal, name);
            if (users.contains(goal.getGoal())) {
                checkValue(element);
            } else if (users.isEmpty() && forAll) {
                Set<String> all = mojos(goal)
                        .flatMap(mojo -> parameters(mojo).stream())
                        .collect(Collectors.toCollection(TreeSet::new));
                warnings.accept(
                        "<" + name + "> is no parameter of any goal and has no effect; " + cure(name, all, users));
            } else if (users.isEmpty() || (!forAll && disjoint(configuration.goals(), users))) {
                List<String> goals = configuration.goals().isEmpty() ? List.of(goal.getGoal()) : configuration.goals();
                Set<String> known = mojos(goal)
                        .filter(mojo -> goals.contains(mojo.getGoal()))
                        .flatMap(mojo -> parameters(mojo).stream())
                        .collect(Collectors.toCollection(TreeSet::new));
                // all goals of the execution give the same warning, which is logged once
                warnings.accept("<" + name + "> is no parameter of " + String.join(" or ", goals)
                        + " and has no effect; " + cure(name, known, users));
            }
        }
    }

    /** Warns of empty elements, which Maven ignores, unless one overrides the value of a parent POM. */
    private void checkValue(Xpp3Dom element) {
        if (isEmpty(element)) {
            warnings.accept("<" + element.getName() + "> is empty, so that its property or its default is used; give it"
                    + " a value, or leave it out");
        }
        for (Xpp3Dom item : element.getChildren()) {
            for (Xpp3Dom word : item.getChildren()) {
                if (isEmpty(word)) {
                    warnings.accept("<" + word.getName() + "> in <" + item.getName() + "> is empty, so that the goal's"
                            + " is used; give it a value, or leave it out");
                }
            }
        }
    }

    private static boolean isEmpty(Xpp3Dom element) {
        String text = element.getValue();
        return (text == null || text.isBlank())
                && element.getChildCount() == 0
                && !Xpp3Dom.SELF_COMBINATION_OVERRIDE.equals(
                        element.getAttribute(Xpp3Dom.SELF_COMBINATION_MODE_ATTRIBUTE));
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
        known.addAll(OF_TESTS);
        Map<String, String> set = new TreeMap<>();
        configuration.project().getProperties().stringPropertyNames().forEach(name -> set.put(name, name));
        for (Properties given : List.of(
                configuration.session().getSystemProperties(),
                configuration.session().getUserProperties())) {
            given.stringPropertyNames().forEach(name -> set.put(name, "-D" + name));
        }
        set.forEach((name, text) -> {
            if (isOurs(name) && !known.contains(name)) {
                String near = nearestProperty(name, goal);
                if (near != null && !isUsed(name)) {
                    warnings.accept(noneOf(goal, text) + "did you mean " + text.replace(name, near) + "?");
                }
            } else if (isOurs(name) && isOfNoGoalCalled(name, goal) && !isUsed(name)) {
                warnings.accept(noneOf(goal, text) + cureOfOtherGoal(name, goal));
            }
        });
    }

    private static String noneOf(MojoDescriptor goal, String property) {
        return "the property " + property + " is none of " + goal.getGoal() + " and has no effect; ";
    }

    /** Names the property of this goal with the same word, or {@code address} for {@code addresses}. */
    private static String cureOfOtherGoal(String property, MojoDescriptor goal) {
        for (String own : properties(goal)) {
            if (word(property).startsWith(word(own))) {
                return "did you mean -D" + own + "?";
            }
        }
        return "it is one of " + String.join(", ", goalsWithProperty(goal, property));
    }

    /**
     * Returns whether a property that the command line sets is one of goals that do not run: the command line calls goals and
     * no phase, in which executions of the POM could use it.
     */
    private boolean isOfNoGoalCalled(String property, MojoDescriptor goal) {
        List<String> called = configuration.session().getRequest().getGoals();
        List<String> users = goalsWithProperty(goal, property);
        return configuration.session().getUserProperties().containsKey(property)
                && !users.isEmpty()
                && !called.isEmpty()
                && called.stream().allMatch(each -> each.contains(":") && !users.contains(goalOf(each)));
    }

    /** Returns the goal in {@code prefix:goal@execution}, whose prefix may also be the coordinates of the plugin. */
    private static String goalOf(String called) {
        String goal = called.substring(called.lastIndexOf(':') + 1);
        return goal.contains("@") ? goal.substring(0, goal.indexOf('@')) : goal;
    }

    private static boolean isOurs(String property) {
        String name = property.toLowerCase(Locale.ROOT);
        return name.startsWith(PREFIX) && !PUBLISHED.matcher(name).matches();
    }

    /** Compares the last words. The words before must be equal, be left out, or name the goal. */
    private static @Nullable String nearestProperty(String given, MojoDescriptor goal) {
        Map<String, String> byWord = new TreeMap<>();
        String before = group(given.toLowerCase(Locale.ROOT));
        for (String candidate : properties(goal)) {
            if (before.equals("echo")
                    || before.equals(PREFIX + goal.getGoal())
                    || (before.equals("echo.server") && parameters(goal).contains("faults"))
                    || distance(before, group(candidate)) <= 2) {
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
        String meant = otherWord(given, words);
        if (meant == null) {
            meant = closest(given, words);
        }
        if (meant == null && given.length() >= 4) {
            String other = closest(given, OTHER_WORDS.keySet());
            meant = other == null ? null : otherWord(other, words);
        }
        return meant;
    }

    private static @Nullable String otherWord(String given, Set<String> words) {
        return OTHER_WORDS.getOrDefault(given.toLowerCase(Locale.ROOT), List.of()).stream()
                .filter(words::contains)
                .findFirst()
                .orElse(null);
    }

    private static @Nullable String closest(String given, Set<String> words) {
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

    /** Returns whether the POM or a parent POM in a file names the property, so that it is one of the project's own. */
    private boolean isUsed(String property) {
        for (MavenProject pom = configuration.project(); pom != null; pom = pom.getParent()) {
            File file = pom.getFile();
            try {
                if (file != null && Files.readString(file.toPath()).contains("${" + property + "}")) {
                    return true;
                }
            } catch (IOException unreadable) {
                return true; // unreadable: assume that the POM uses it
            }
        }
        return false;
    }

    private static List<String> goalsWith(MojoDescriptor goal, String parameter) {
        return goals(goal, mojo -> parameters(mojo).contains(parameter));
    }

    private static List<String> goalsWithProperty(MojoDescriptor goal, String property) {
        return goals(goal, mojo -> properties(mojo).contains(property));
    }

    private static List<String> goals(MojoDescriptor goal, Predicate<MojoDescriptor> condition) {
        return mojos(goal)
                .filter(condition)
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
}
