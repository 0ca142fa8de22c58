package org.echoharness.loop;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Passes lines to the user's callback, and ignores what the callback throws. Any thread may call it. */
public final class Warnings {

    private final Consumer<String> callback;

    public Warnings(Consumer<String> callback) {
        this.callback = callback;
    }

    /** Reports one line. */
    public void warn(String line) {
        report(line, null);
    }

    /** Reports one line that ends with the {@link #text} of what was thrown. */
    public void warn(String line, Throwable thrown) {
        report(line, thrown);
    }

    /** Reports one line that begins with a name and ends with the {@link #text} of what was thrown. */
    public void warn(String name, String line, Throwable thrown) {
        String named;
        try {
            named = name.concat(": ").concat(line);
        } catch (OutOfMemoryError none) {
            named = line;
        }
        report(named, thrown);
    }

    /** Reports one line, and returns whether the callback did not throw. Uses concat, which loads no class. */
    public boolean report(String line, @Nullable Throwable thrown) {
        try {
            callback.accept(thrown == null ? line : line.concat(text(thrown)));
            return true;
        } catch (Throwable ignored) {
            return false; // there is no other place to report it
        }
    }

    /** Returns the text of what was thrown, or the name of its class if {@code toString} fails. */
    public static String text(Throwable thrown) {
        try {
            return String.valueOf(thrown.toString());
        } catch (Throwable unprintable) {
            return thrown.getClass().getName();
        }
    }
}
