package org.echoharness.junit;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;

/**
 * Reads the declarations of tests, from annotations and from code. The annotations name the extension class, which uses
 * most of this package. The classes below the extension use this interface, so that they need not name the annotations.
 * Any thread may use it.
 */
interface AnnotationReader {

    /**
     * Returns the servers that annotations on this element itself declare, without those that it inherits. They are not
     * checked.
     */
    List<ServerOptions> declaredOn(AnnotatedElement element);

    /** Returns the server that the value of a field declares by code; null if it declares none. */
    @Nullable
    ServerOptions declaredBy(@Nullable Object value);

    /** Returns the type of the values that declare a server by code. */
    Class<?> declaringType();

    /** Returns the name of the server that an {@code @Echo} asks for; null if the element has none. */
    @Nullable
    String serverNamed(AnnotatedElement element);

    /** The same for a parameter, whose annotations JUnit looks up. */
    @Nullable
    String serverNamed(ParameterContext parameter);

    /** Returns the fields of a class and its superclasses that have an {@code @Echo}. */
    List<Field> injectedFields(Class<?> type, Predicate<Field> which);

    /** Makes this the reader of the run, unless the run has one. */
    static void provide(Supplier<AnnotationReader> reader, ExtensionContext context) {
        Store store = ExtensionStore.ofRoot(context);
        store.getOrComputeIfAbsent(AnnotationReader.class, unused -> reader.get());
    }

    /** Returns the reader of the run. The extension provides it when JUnit calls it. */
    static AnnotationReader of(ExtensionContext context) {
        return Objects.requireNonNull(
                ExtensionStore.ofRoot(context).get(AnnotationReader.class, AnnotationReader.class));
    }
}
