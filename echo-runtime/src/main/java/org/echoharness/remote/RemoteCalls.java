package org.echoharness.remote;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Makes calls of a {@link ControlClient} where no {@link IOException} can be thrown: it becomes an unchecked one. */
public final class RemoteCalls {

    private RemoteCalls() {}

    /** A call with a result. */
    public interface Call<T> {
        T make() throws IOException;
    }

    /** A call without one. */
    public interface Action {
        void make() throws IOException;
    }

    public static <T> T call(Call<T> call) {
        try {
            return call.make();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed.getMessage(), failed);
        }
    }

    public static void run(Action action) {
        try {
            action.make();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed.getMessage(), failed);
        }
    }
}
