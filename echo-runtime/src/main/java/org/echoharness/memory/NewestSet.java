package org.echoharness.memory;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A set that keeps the values that were added last, up to a limit. Its owner locks it.
 *
 * @param <T> the type of the values
 */
public final class NewestSet<T> {

    private final int most;
    private final Set<T> values = new LinkedHashSet<>(); // the newest last

    public NewestSet(int most) {
        this.most = most;
    }

    public void add(T value) {
        values.remove(value);
        values.add(value);
        if (values.size() > most) {
            values.remove(values.iterator().next());
        }
    }

    /** Returns the values, the newest last. */
    public Set<T> copy() {
        return new LinkedHashSet<>(values);
    }
}
