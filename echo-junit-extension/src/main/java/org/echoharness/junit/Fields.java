package org.echoharness.junit;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ModifierSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/** Injects into the fields that have an {@link Echo}. */
final class Fields {

    private Fields() {}

    /** A field that an enclosing class inherits too, and has set, keeps the value. */
    static void injectStatic(ExtensionContext context) {
        for (Field field : AnnotationSupport.findAnnotatedFields(
                context.getRequiredTestClass(), Echo.class, ModifierSupport::isStatic)) {
            ExtensionStore.of(context).getOrComputeIfAbsent(field, unset -> {
                inject(field, null, context);
                return new Cleared(field);
            });
        }
    }

    /** The components of a record are injected by its constructor. */
    static void injectInstance(Object instance, ExtensionContext context) {
        if (!instance.getClass().isRecord()) {
            AnnotationSupport.findAnnotatedFields(instance.getClass(), Echo.class, ModifierSupport::isNotStatic)
                    .forEach(field -> inject(field, instance, context));
        }
    }

    /**
     * A field that holds a declaration which nobody registers would do nothing.
     *
     * @param instance null to look at static fields, before there is an instance; else at those of the instance
     */
    static void checkRegistered(Class<?> type, @Nullable Object instance) {
        List<Object> registered = new ArrayList<>();
        List<Field> others = new ArrayList<>();
        for (Field field : ReflectionSupport.findFields(
                type,
                field -> field.getType().isAssignableFrom(EchoExtension.class),
                HierarchyTraversalMode.TOP_DOWN)) {
            boolean isStatic = ModifierSupport.isStatic(field);
            if (AnnotationSupport.isAnnotated(field, RegisterExtension.class)) {
                value(field, instance).ifPresent(registered::add);
            } else if (field.getType() == EchoExtension.class && isStatic == (instance == null)) {
                others.add(field);
            }
        }
        for (Field field : others) {
            if (value(field, instance)
                    .filter(value -> !registered.contains(value))
                    .isPresent()) {
                throw refused(
                        InjectionPoint.of(field),
                        "it has no effect unless it is registered; add @RegisterExtension",
                        null);
            }
        }
    }

    private static Optional<Object> value(Field field, @Nullable Object instance) {
        return instance == null && ModifierSupport.isNotStatic(field)
                ? Optional.empty()
                : ReflectionSupport.tryToReadFieldValue(field, instance).toOptional();
    }

    private static void inject(Field field, @Nullable Object instance, ExtensionContext context) {
        InjectionPoint place = InjectionPoint.of(field);
        if (Modifier.isFinal(field.getModifiers())) {
            throw refused(place, "it is final; @Echo sets it later than its initializer: remove final", null);
        }
        try {
            Object present =
                    ReflectionSupport.tryToReadFieldValue(field, instance).get();
            Object value = Injection.inject(place, context, ExtensionConfigurationException::new);
            if (present != null && !present.equals(0)) { // int has a value from the beginning
                throw refused(
                        place,
                        "it is set already, which @Echo alone does: remove its initializer, and do not make it static where"
                                + " classes that run in parallel inherit it",
                        null);
            }
            set(field, instance, value);
        } catch (ExtensionConfigurationException explained) {
            throw explained;
        } catch (Exception e) {
            throw refused(
                    place,
                    "it cannot be set (" + e.getMessage() + "); open its package to org.junit.platform.commons",
                    e);
        }
    }

    /** Through JUnit, as for reading, which makes it accessible: it is to JUnit that test modules open their packages. */
    private static void set(Field field, @Nullable Object instance, @Nullable Object value)
            throws NoSuchMethodException {
        Method setter = Field.class.getMethod("set", Object.class, Object.class);
        ReflectionSupport.invokeMethod(setter, field, instance, value);
    }

    private static ExtensionConfigurationException refused(
            InjectionPoint place, String why, @Nullable Exception cause) {
        return new ExtensionConfigurationException(place.text() + ": " + why, cause);
    }

    /** Makes a static field null, or 0, after the class, so that the class can run again. */
    private record Cleared(Field field) implements CloseableResource, AutoCloseable {

        @Override
        public void close() throws NoSuchMethodException {
            set(field, null, field.getType() == int.class ? 0 : null);
        }
    }
}
