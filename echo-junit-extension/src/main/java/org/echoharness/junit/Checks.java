package org.echoharness.junit;

import java.util.EnumSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The checks on the connections of one server.
 *
 * @param asked whether a test or the configuration selected the checks; otherwise they are the default
 */
record Checks(Set<Check> all, boolean asked) {

    static final String PARAMETER = "echo.checks";
    private static final Checks DEFAULT = new Checks(Set.of(Check.LEAKS, Check.SCRIPT), false);

    /** The checks that need no recording. */
    static final Set<Check> WITHOUT_RECORDING = Set.of(Check.SCRIPT);

    /** Throws an exception that names the value and the cure if the checks are not possible. */
    static void check(String checks, BooleanSupplier records) {
        Set<Check> asked = checks.isEmpty() ? Set.of() : parse("checks", checks).all();
        if (asked.isEmpty()) {
            return;
        }
        if (!WITHOUT_RECORDING.containsAll(asked) && !records.getAsBoolean()) {
            throw new IllegalArgumentException("checks (" + checks
                    + ") need a recording; leave recording out, or set checks to "
                    + (asked.contains(Check.SCRIPT) ? Check.SCRIPT : "none"));
        }
    }

    /**
     * Returns the checks for one server.
     *
     * @param checks the text in its declaration; empty for the configured checks
     */
    static Checks of(String checks, ExtensionContext context) {
        return checks.isEmpty() ? configured(context) : parse("checks", checks);
    }

    /** Returns the checks for servers that select none. Refuses a malformed text. */
    static Checks configured(ExtensionContext context) {
        String text = context.getConfigurationParameter(PARAMETER).orElse("");
        try {
            return text.isEmpty() ? DEFAULT : parse("the configuration parameter " + PARAMETER, text);
        } catch (IllegalArgumentException refused) {
            throw new ExtensionConfigurationException(refused.getMessage(), refused);
        }
    }

    /** Returns the checks that are not among these. */
    Checks without(Set<Check> others) {
        Set<Check> left = EnumSet.noneOf(Check.class);
        left.addAll(all);
        left.removeAll(others);
        return new Checks(left, asked);
    }

    @Override
    public String toString() {
        return all.stream().sorted().map(Check::toString).collect(Collectors.joining(", "));
    }

    private static Checks parse(String what, String text) {
        Set<Check> checks = EnumSet.noneOf(Check.class);
        for (String word : text.strip().split("\\s*,\\s*", -1)) {
            switch (word) {
                case "leaks" -> checks.add(Check.LEAKS);
                case "resets" -> checks.add(Check.RESETS);
                case "faults" -> checks.add(Check.FAULTS);
                case "script" -> checks.add(Check.SCRIPT);
                case "all" -> checks.addAll(EnumSet.allOf(Check.class));
                case "none" -> {
                    if (!text.strip().equals("none")) {
                        throw wrong(what, text);
                    }
                }
                default -> throw wrong(what, text);
            }
        }
        return new Checks(checks, true);
    }

    private static IllegalArgumentException wrong(String what, String text) {
        return new IllegalArgumentException(
                what + " (" + text + ") must be all, none, or some of leaks, resets, faults, script, joined by commas");
    }
}
