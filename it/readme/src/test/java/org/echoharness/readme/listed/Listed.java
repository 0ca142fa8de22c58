package org.echoharness.readme.listed;

import java.io.Closeable;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Target;
import java.util.List;

/** A type with a member of each kind, for the test of the listing. */
@Deprecated
public class Listed<T extends Comparable<? super T>> extends HiddenSuperclass implements Closeable {

    public static final String CONSTANT = "a \"constant\"";

    @Deprecated(forRemoval = true)
    public final Number old = 1;

    int hidden;

    public Listed(T first, int... more) throws IOException {
        hidden = more.length;
    }

    Listed() {}

    @Override
    public void close() {}

    protected <E extends Exception> void close(Class<? extends E> type) throws E, IOException {}

    void hidden() {}

    @Target({ElementType.TYPE, ElementType.METHOD})
    public @interface Marker {
        int[] value() default {1, 2};
    }

    public enum Kind {
        ONE
    }

    public sealed interface Shape permits Pair {
        default int area() {
            return 0;
        }

        static int none() {
            return 0;
        }
    }

    public record Pair(int left, List<?> right) implements Shape {}

    @SuppressWarnings("UnusedNestedClass") // the list leaves it out
    private record Hidden() {}
}

/** Public methods of such a type are those of its subclass. */
class HiddenSuperclass {
    public void ofHiddenSuperclass(String[] texts) {}
}
