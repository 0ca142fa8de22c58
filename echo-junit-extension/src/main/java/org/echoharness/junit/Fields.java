package org.echoharness.junit;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;
import org.junit.platform.commons.support.ModifierSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/** Injects into the fields that have an {@link Echo}. */
final class Fields {

    private Fields() {}

    /** Leaves the value of a field that an enclosing class also inherits and has set. */
    static void injectStatic(ExtensionContext context) {
        for (Field field : AnnotationReader.of(context)
                .injectedFields(context.getRequiredTestClass(), ModifierSupport::isStatic)) {
            ExtensionStore.of(context).getOrComputeIfAbsent(field, unset -> {
                inject(field, null, context);
                return new Cleared(field);
            });
        }
    }

    /** Leaves out records, whose constructor receives the components. */
    static void injectInstance(Object instance, ExtensionContext context) {
        if (!instance.getClass().isRecord()) {
            AnnotationReader.of(context)
                    .injectedFields(instance.getClass(), ModifierSupport::isNotStatic)
                    .forEach(field -> inject(field, instance, context));
        }
    }

    private static void inject(Field field, @Nullable Object instance, ExtensionContext context) {
        InjectionPoint point = InjectionPoint.of(field, context);
        if (Modifier.isFinal(field.getModifiers())) {
            throw refused(point, "it is final; @Echo sets it later than its initializer: remove final", null);
        }
        try {
            Object present =
                    ReflectionSupport.tryToReadFieldValue(field, instance).get();
            Object value = Injection.inject(point, context, ExtensionConfigurationException::new);
            if (present != null && !present.equals(0)) { // int has a value from the beginning
                throw refused(
                        point,
                        "it already has a value; remove its initializer, and do not make it static where"
                                + " classes that run in parallel inherit it",
                        null);
            }
            set(field, instance, value);
        } catch (ExtensionConfigurationException explained) {
            throw explained;
        } catch (Exception e) {
            throw refused(
                    point,
                    "it cannot be set (" + e.getMessage() + "); open its package to org.junit.platform.commons",
                    e);
        }
    }

    /**
     * Sets the field through JUnit, which makes it accessible: test modules open their packages to JUnit, not to this
     * module.
     */
    private static void set(Field field, @Nullable Object instance, @Nullable Object value)
            throws NoSuchMethodException {
        Method setter = Field.class.getMethod("set", Object.class, Object.class);
        ReflectionSupport.invokeMethod(setter, field, instance, value);
    }

    private static ExtensionConfigurationException refused(
            InjectionPoint point, String why, @Nullable Exception cause) {
        return new ExtensionConfigurationException(point.text() + ": " + why, cause);
    }

    /** Makes a static field null, or 0, after the class, so that the class can run again. */
    private record Cleared(Field field) implements CloseableResource, AutoCloseable {

        @Override
        public void close() throws NoSuchMethodException {
            set(field, null, field.getType() == int.class ? 0 : null);
        }
    }
}
