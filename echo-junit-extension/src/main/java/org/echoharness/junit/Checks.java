package org.echoharness.junit;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What is checked on the connections of one server.
 *
 * @param asked whether a test or the configuration said so; else it is the default
 */
record Checks(Set<Check> all, boolean asked) {

    private static final String PARAMETER = "echo.checks";
    private static final Checks NONE = new Checks(Set.of(), false);
    private static final Checks DEFAULT = new Checks(Set.of(Check.LEAKS), false);

    /** A wrong text is refused with what it stands in. */
    static Checks of(Declaration declaration, ExtensionContext context) {
        String attribute = declaration.options().checks();
        try {
            if (attribute.isEmpty()) {
                return configured(declaration, context);
            }
            Checks checks = parse("checks", attribute);
            if (declaration.options().source() == Source.EXTERNAL) {
                throw new IllegalArgumentException("checks (" + attribute
                        + ") need a server in this JVM, and this one is EXTERNAL; leave them out, or set source to"
                        + " EXTERNAL_OR_EMBEDDED");
            }
            if (!records(declaration) && !checks.all().isEmpty()) {
                throw new IllegalArgumentException(
                        "checks (" + attribute + ") need a recording; leave recording out, or set checks to none");
            }
            return checks;
        } catch (IllegalArgumentException refused) {
            throw new ExtensionConfigurationException(declaration.text() + ": " + refused.getMessage(), refused);
        }
    }

    boolean include(Check check) {
        return all.contains(check);
    }

    private static Checks configured(Declaration declaration, ExtensionContext context) {
        String text = context.getConfigurationParameter(PARAMETER).orElse("");
        Checks checks = text.isEmpty() ? DEFAULT : parse("the configuration parameter " + PARAMETER, text);
        return records(declaration) ? checks : NONE;
    }

    private static boolean records(Declaration declaration) {
        return !declaration.options().recording().equals("none");
    }

    private static Checks parse(String what, String text) {
        Set<Check> checks = EnumSet.noneOf(Check.class);
        for (String word : text.strip().split("\\s*,\\s*", -1)) {
            switch (word) {
                case "leaks" -> checks.add(Check.LEAKS);
                case "resets" -> checks.add(Check.RESETS);
                case "faults" -> checks.add(Check.FAULTS);
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
                what + " (" + text + ") must be all, none, or some of leaks, resets, faults, joined by commas");
    }
}
