package org.echoharness.junit;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;

/**
 * A field or a parameter that something is injected into.
 *
 * @param server the name in its {@link Echo}; null without one, for the visible server
 * @param text its name in error messages
 */
record InjectionPoint(Type type, @Nullable String server, String text) {

    static InjectionPoint of(Field field, ExtensionContext context) {
        String server = AnnotationReader.of(context).serverNamed(field);
        return new InjectionPoint(field.getGenericType(), server, name(field));
    }

    static InjectionPoint of(ParameterContext parameter, ExtensionContext context) {
        String server = AnnotationReader.of(context).serverNamed(parameter);
        return new InjectionPoint(parameter.getParameter().getParameterizedType(), server, name(parameter));
    }

    static String name(ParameterContext parameter) {
        return name(number(parameter), parameter.getParameter());
    }

    /** The number counts from 1. */
    static String name(int number, Parameter parameter) {
        return "parameter " + number + " (" + parameter.getType().getSimpleName() + ") of "
                + name(parameter.getDeclaringExecutable());
    }

    static String name(Field field) {
        return "field \"" + field.getName() + "\" of " + name(field.getDeclaringClass());
    }

    static String name(Type type) {
        return type.getTypeName();
    }

    static String name(Executable executable) {
        String type = name(executable.getDeclaringClass());
        return executable instanceof Constructor ? "the constructor of " + type : type + "." + executable.getName();
    }

    /**
     * Counts from 1, as in the source: the constructor of an inner class has the outer instance as its first parameter.
     */
    private static int number(ParameterContext parameter) {
        Class<?> type = parameter.getDeclaringExecutable().getDeclaringClass();
        boolean hidden = parameter.getDeclaringExecutable() instanceof Constructor
                && type.isMemberClass()
                && !Modifier.isStatic(type.getModifiers());
        return parameter.getIndex() + (hidden ? 0 : 1);
    }
}
