package org.echoharness.junit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The position of an extension context among the others.
 *
 * @param id JUnit's unique ID of it; empty for the whole run, which is around every context
 * @param concurrent whether other contexts with the same parent may run at the same time
 */
record ScopePath(String id, boolean concurrent) {

    static final ScopePath WHOLE_RUN = new ScopePath("", false);

    static ScopePath of(ExtensionContext context) {
        boolean parallel = context.getConfigurationParameter("junit.jupiter.execution.parallel.enabled")
                .map(Boolean::parseBoolean)
                .orElse(false);
        return new ScopePath(context.getUniqueId(), parallel && context.getExecutionMode() == ExecutionMode.CONCURRENT);
    }

    /** Returns whether this context is within the other one. */
    boolean isInside(ScopePath other) {
        return !id.equals(other.id) && (other.id.isEmpty() || id.startsWith(other.id + "/"));
    }
}
