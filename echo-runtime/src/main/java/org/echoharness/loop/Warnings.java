package org.echoharness.loop;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reports lines to the user. What a callback throws for a line goes no further. Any thread may call it. */
public final class Warnings {

    private final Consumer<String> callback;

    public Warnings(Consumer<String> callback) {
        this.callback = callback;
    }

    /** Reports one line. */
    public void warn(String line) {
        report(line, null);
    }

    /** As {@link #warn(String)}, with what was thrown: by a callback, perhaps, so that its text may fail too. */
    public void warn(String line, Throwable thrown) {
        report(line, thrown);
    }

    /** As the others, and returns whether the callback took the line. Text is put together by concat: that loads no class. */
    public boolean report(String line, @Nullable Throwable thrown) {
        try {
            callback.accept(thrown == null ? line : line.concat(text(thrown)));
            return true;
        } catch (Throwable ignored) {
            return false; // there is no other place to report it
        }
    }

    /** The text of what was thrown, or its class where making the text fails. */
    public static String text(Throwable thrown) {
        try {
            return String.valueOf(thrown.toString());
        } catch (Throwable unprintable) {
            return thrown.getClass().getName();
        }
    }
}
