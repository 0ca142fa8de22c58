package org.echoharness.junit;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ModifierSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * The servers that are visible from a test or a class. For each name it has the nearest declaration. The nearest come
 * first.
 */
record Declarations(Map<String, Declaration> byName) {

    /** Also checks the declarations. */
    static Declarations visibleFrom(ExtensionContext context) {
        Map<String, Declaration> visible = new LinkedHashMap<>();
        for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
            Map<String, Declaration> here = new LinkedHashMap<>();
            for (AnnotatedElement element : elements(at)) {
                declaredOn(element, context).forEach((name, each) -> here.merge(name, each, Declarations::nearer));
            }
            here.forEach(visible::putIfAbsent);
        }
        if (visible.isEmpty() || OpenedServers.find(context, Declaration.IMPLICIT) != null) {
            visible.putIfAbsent(Declaration.IMPLICIT.name(), Declaration.IMPLICIT);
        }
        return new Declarations(visible);
    }

    /**
     * Chooses between two declarations that one class inherits. It prefers the declaration on the subtype, and accepts
     * either if both are equal.
     */
    private static Declaration nearer(Declaration first, Declaration second) {
        if (second.type().isAssignableFrom(first.type()) || first.options().equals(second.options())) {
            return first;
        }
        if (first.type().isAssignableFrom(second.type())) {
            return second;
        }
        throw second.refused(
                "it is declared differently from " + first.text()
                        + "; declare it on the class that inherits both, or give each a name of its own",
                null);
    }

    /** Returns the outermost context around this one whose class has or inherits the declaration. */
    static ExtensionContext classOf(Declaration declaration, ExtensionContext context) {
        AnnotatedElement type = declaration.on() instanceof Field ? declaration.type() : declaration.on();
        ExtensionContext outermost = context;
        for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
            if (elements(at).contains(type)) {
                outermost = at;
            }
        }
        return outermost;
    }

    Collection<Declaration> all() {
        return byName.values();
    }

    Declaration meantBy(InjectionPoint point) {
        String name = point.server();
        if (name == null && byName.size() > 1) {
            throw new IllegalArgumentException("several servers are visible, " + names() + "; say which, as in @Echo(\""
                    + byName.keySet().iterator().next() + "\")");
        }
        Declaration declaration = name == null ? byName.values().iterator().next() : byName.get(name);
        if (declaration == null) {
            throw new IllegalArgumentException("no server \"" + name + "\" is visible, only " + names()
                    + "; correct the name in @Echo, or declare @EchoTest(name = \"" + name + "\")");
        }
        return declaration;
    }

    private String names() {
        return byName.keySet().stream().map(name -> "\"" + name + "\"").collect(Collectors.joining(", "));
    }

    private static Map<String, Declaration> declaredOn(AnnotatedElement element, ExtensionContext context) {
        Map<String, Declaration> annotated = annotated(element, context);
        if (!(element instanceof Class<?> type)) {
            return annotated;
        }
        AnnotationReader reader = AnnotationReader.of(context);
        Map<String, Declaration> declared = new LinkedHashMap<>(annotated);
        for (Field field : type.getDeclaredFields()) {
            if (field.getType().isAssignableFrom(reader.declaringType())
                    && AnnotationSupport.isAnnotated(field, RegisterExtension.class)) {
                ServerOptions options = reader.declaredBy(value(field, context));
                if (options != null) {
                    add(new Declaration(options, field), declared);
                }
            }
        }
        return declared;
    }

    /**
     * Returns the declarations that annotations on this element itself make, with their names as keys. Each element is
     * read once in a run, because the check parses its values.
     */
    @SuppressWarnings("unchecked") // only such a map is put there
    static Map<String, Declaration> annotated(AnnotatedElement element, ExtensionContext context) {
        Store store = ExtensionStore.ofRoot(context);
        Map<String, Declaration> known = store.get(element, Map.class);
        if (known != null) {
            return known;
        }
        Map<String, Declaration> annotated = new LinkedHashMap<>();
        for (ServerOptions options : AnnotationReader.of(context).declaredOn(element)) {
            add(new Declaration(options, element), annotated); // equal declarations count once
        }
        store.put(element, annotated);
        return annotated;
    }

    private static void add(Declaration declaration, Map<String, Declaration> declared) {
        if (declared.put(declaration.name(), declaration) != null) {
            throw declaration.refused("it is declared there twice, differently; give each a name of its own", null);
        }
    }

    /** Returns null if a field has no instance yet. JUnit, too, reads the field only after that. */
    private static @Nullable Object value(Field field, ExtensionContext context) {
        Class<?> type = field.getDeclaringClass();
        Object instance = OpenedServers.instances(context).stream()
                .filter(type::isInstance)
                .findFirst()
                .orElse(null);
        return instance == null && ModifierSupport.isNotStatic(field)
                ? null
                : ReflectionSupport.tryToReadFieldValue(field, instance)
                        .toOptional()
                        .orElse(null);
    }

    /** Returns the method or class of the context, and the supertypes of the class, nearest first. */
    private static Set<AnnotatedElement> elements(ExtensionContext context) {
        Set<AnnotatedElement> elements = new LinkedHashSet<>();
        context.getElement().ifPresent(elements::add);
        if (context.getElement().orElse(null) instanceof Class<?> type) {
            addInherited(type, elements);
        }
        return elements;
    }

    private static void addInherited(Class<?> type, Set<AnnotatedElement> elements) {
        List<Class<?>> parents = new ArrayList<>(List.of(type.getInterfaces()));
        if (type.getSuperclass() != null) {
            parents.add(type.getSuperclass());
        }
        elements.addAll(parents);
        parents.forEach(parent -> addInherited(parent, elements));
    }
}
