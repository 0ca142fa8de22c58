package org.echoharness.junit;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ModifierSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/** Refuses members of a test class whose annotations or values would have no effect. Any thread may use it. */
final class MemberChecks {

    private static final String AUTOWIRED = "org.springframework.beans.factory.annotation.Autowired";

    private MemberChecks() {}

    /** Checks what the members of a class declare, before the first test runs; once for each class. */
    static void check(ExtensionContext context) {
        Class<?> type = context.getRequiredTestClass();
        AnnotationReader reader = AnnotationReader.of(context);
        Store store = ExtensionStore.ofRoot(context);
        if (store.get(List.of("members", type)) == null) {
            for (Method method : ReflectionSupport.findMethods(type, any -> true, HierarchyTraversalMode.TOP_DOWN)) {
                if (method.getAnnotations().length > 0) {
                    Declarations.annotated(method, context);
                } else {
                    checkIsInjected(method, reader);
                }
            }
            checkRegistered(type, null, context);
            checkMemberClasses(type, reader);
            store.put(List.of("members", type), true);
        }
    }

    /**
     * Refuses declarations on member classes that JUnit does not run: static classes with {@link Nested}, and inner
     * classes without it. A class that another one extends may have them.
     */
    private static void checkMemberClasses(Class<?> type, AnnotationReader reader) {
        List<Class<?>> members = List.of(type.getDeclaredClasses());
        for (Class<?> member : members) {
            boolean isStatic = ModifierSupport.isStatic(member);
            boolean isNested = AnnotationSupport.isAnnotated(member, Nested.class);
            boolean isExtended = ModifierSupport.isAbstract(member)
                    || members.stream().anyMatch(other -> other != member && member.isAssignableFrom(other));
            if (!isExtended
                    && isStatic == isNested
                    && !reader.declaredOn(member).isEmpty()) {
                throw new ExtensionConfigurationException(
                        "@EchoTest on " + member + ": it has no effect, since JUnit runs "
                                + (isStatic
                                        ? "no static class as a @Nested one; remove static"
                                        : "no inner class without @Nested; add @Nested"));
            }
        }
    }

    /**
     * The test itself calls a method without annotations, so that nothing injects into its parameters. A method that
     * returns something may be a {@code @MethodSource}, which JUnit calls.
     */
    private static void checkIsInjected(Method method, AnnotationReader reader) {
        Parameter[] parameters = method.getParameters();
        for (int i = 0; i < parameters.length; i++) {
            if (method.getReturnType() == void.class && reader.serverNamed(parameters[i]) != null) {
                throw new ExtensionConfigurationException(InjectionPoint.name(i + 1, parameters[i])
                        + ": @Echo has no effect, since JUnit does not call the method; remove it, or make the method a"
                        + " test or a lifecycle method");
            }
        }
    }

    /**
     * Refuses a field with a declaration that is not registered, because it has no effect.
     *
     * @param instance null to check static fields, before there is an instance; otherwise the instance whose fields are
     *     checked
     */
    static void checkRegistered(Class<?> type, @Nullable Object instance, ExtensionContext context) {
        Class<?> declaring = AnnotationReader.of(context).declaringType();
        List<Object> registered = new ArrayList<>();
        List<Field> others = new ArrayList<>();
        for (Field field : ReflectionSupport.findFields(
                type, field -> field.getType().isAssignableFrom(declaring), HierarchyTraversalMode.TOP_DOWN)) {
            boolean isStatic = ModifierSupport.isStatic(field);
            if (AnnotationSupport.isAnnotated(field, RegisterExtension.class)) {
                value(field, instance).ifPresent(registered::add);
            } else if (field.getType() == declaring && isStatic == (instance == null)) {
                others.add(field);
            }
        }
        for (Field field : others) {
            if (value(field, instance)
                    .filter(value -> !registered.contains(value))
                    .isPresent()) {
                throw new ExtensionConfigurationException(InjectionPoint.name(field)
                        + ": it has no effect unless it is registered; add @RegisterExtension");
            }
        }
    }

    private static Optional<Object> value(Field field, @Nullable Object instance) {
        return instance == null && ModifierSupport.isNotStatic(field)
                ? Optional.empty()
                : ReflectionSupport.tryToReadFieldValue(field, instance).toOptional();
    }

    /**
     * Refuses a constructor with {@code @Autowired}: Spring resolves all its parameters, so that JUnit would report two
     * resolvers.
     */
    static void refuseAutowired(ParameterContext parameter) {
        Executable executable = parameter.getDeclaringExecutable();
        boolean autowired = Stream.of(executable.getAnnotations())
                .anyMatch(each -> each.annotationType().getName().equals(AUTOWIRED));
        if (executable instanceof Constructor && autowired) {
            throw new ParameterResolutionException(InjectionPoint.name(parameter)
                    + ": Spring resolves every parameter of an @Autowired constructor; inject it into a field with @Echo, or"
                    + " into a parameter of a test or lifecycle method");
        }
    }
}
