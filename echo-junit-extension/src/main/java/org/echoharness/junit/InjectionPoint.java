package org.echoharness.junit;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * A field or a parameter that something is injected into.
 *
 * @param server the name in its {@link Echo}; null without one: the server that is visible
 * @param text what errors call it
 */
record InjectionPoint(Type type, @Nullable String server, String text) {

    private static final String AUTOWIRED = "org.springframework.beans.factory.annotation.Autowired";

    static InjectionPoint of(Field field) {
        return new InjectionPoint(
                field.getGenericType(),
                AnnotationSupport.findAnnotation(field, Echo.class)
                        .map(Echo::value)
                        .orElse(null),
                name(field));
    }

    static InjectionPoint of(ParameterContext parameter) {
        return new InjectionPoint(
                parameter.getParameter().getParameterizedType(),
                parameter.findAnnotation(Echo.class).map(Echo::value).orElse(null),
                name(number(parameter), parameter.getParameter()));
    }

    /**
     * A method without annotations is called by the test itself, so that nothing injects into its parameters. One that
     * returns something may be a {@code @MethodSource}, which JUnit calls.
     */
    static void checkIsInjected(Method method) {
        Parameter[] parameters = method.getParameters();
        for (int i = 0; i < parameters.length; i++) {
            if (method.getReturnType() == void.class && AnnotationSupport.isAnnotated(parameters[i], Echo.class)) {
                throw new ExtensionConfigurationException(name(i + 1, parameters[i])
                        + ": @Echo has no effect, since JUnit does not call the method; remove it, or make the method a"
                        + " test or a lifecycle method");
            }
        }
    }

    /** Spring takes every parameter of such a constructor, so that JUnit would complain of two resolvers. */
    static void refuseAutowired(ParameterContext parameter) {
        Executable executable = parameter.getDeclaringExecutable();
        boolean autowired = Stream.of(executable.getAnnotations())
                .anyMatch(each -> each.annotationType().getName().equals(AUTOWIRED));
        if (executable instanceof Constructor && autowired) {
            throw new ParameterResolutionException(of(parameter).text()
                    + ": Spring resolves every parameter of an @Autowired constructor; inject it into a field with @Echo, or"
                    + " into a parameter of a test or lifecycle method");
        }
    }

    private static String name(int number, Parameter parameter) {
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

    /** Counted from 1, as in the source: the constructor of an inner class has the outer instance before it. */
    private static int number(ParameterContext parameter) {
        Class<?> type = parameter.getDeclaringExecutable().getDeclaringClass();
        boolean hidden = parameter.getDeclaringExecutable() instanceof Constructor
                && type.isMemberClass()
                && !Modifier.isStatic(type.getModifiers());
        return parameter.getIndex() + (hidden ? 0 : 1);
    }
}
