package org.echoharness.junit;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/**
 * Registered before {@link TimeoutAwareExtension}. If JUnit is too old to load that class, this one reports so. It uses
 * only what JUnit 5.0 has.
 */
final class JUnitVersion implements Extension {

    private static final String NEEDED = "org.junit.jupiter.api.extension.PreInterruptCallback"; // since 5.12

    JUnitVersion() {
        check();
    }

    /** Refuses a JUnit that is too old. */
    static void check() {
        String complaint = complaint();
        if (complaint != null) {
            throw new ExtensionConfigurationException(complaint);
        }
    }

    /** Returns the version found, the version needed and the cure; null if JUnit is new enough. */
    static @Nullable String complaint() {
        try {
            Class.forName(NEEDED, false, Extension.class.getClassLoader());
            return null;
        } catch (ClassNotFoundException tooOld) {
            String version = Extension.class.getPackage().getImplementationVersion();
            return "echo-junit-extension needs JUnit Jupiter 5.12.2 or later, and "
                    + (version == null ? "an earlier one" : version)
                    + " is on the class path; set the version of org.junit.jupiter:junit-jupiter (or of"
                    + " org.junit:junit-bom) to 5.12.2 or later";
        }
    }
}
