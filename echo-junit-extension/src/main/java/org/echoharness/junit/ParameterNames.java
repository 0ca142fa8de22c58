package org.echoharness.junit;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store;

/**
 * Refuses configuration parameters whose names differ in one character from those of the extension: they would have no
 * effect. JUnit does not list the names to an extension, so this class looks up each such name, once in a run.
 */
final class ParameterNames {

    private static final String[] KNOWN = {TimeLimit.PARAMETER, Checks.PARAMETER, ServersFile.PARAMETER};
    private static final List<String> CHARACTERS = List.of("abcdefghijklmnopqrstuvwxyz.-_".split(""));

    private ParameterNames() {}

    static void check(ExtensionContext context) {
        Store store = ExtensionStore.ofRoot(context);
        if (store.get(ParameterNames.class) != null) {
            return;
        }
        for (String known : KNOWN) {
            for (String name : near(known)) {
                if (context.getConfigurationParameter(name).isPresent()) {
                    throw new ExtensionConfigurationException(
                            "the configuration parameter " + name + " has no effect; did you mean " + known + "?");
                }
            }
        }
        store.put(ParameterNames.class, true);
    }

    /**
     * Returns the names with one character more, one less, one replaced, one in upper case, or two in the wrong order.
     */
    static Set<String> near(String name) {
        Set<String> near = new LinkedHashSet<>();
        for (int i = 0; i <= name.length(); i++) {
            String before = name.substring(0, i);
            String after = name.substring(i);
            for (String inserted : CHARACTERS) {
                near.add(before + inserted + after);
            }
            if (!after.isEmpty()) {
                String rest = after.substring(1);
                near.add(before + rest);
                near.add(before + after.substring(0, 1).toUpperCase(Locale.ROOT) + rest);
                for (String other : CHARACTERS) {
                    near.add(before + other + rest);
                }
                if (!rest.isEmpty()) {
                    near.add(before + rest.charAt(0) + after.charAt(0) + rest.substring(1));
                }
            }
        }
        near.remove(name);
        return near;
    }
}
