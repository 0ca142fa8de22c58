package org.echoharness.junit;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** The servers that are visible from a test or a class: for each name the nearest declaration, nearest first. */
record Declarations(Map<String, Declaration> byName) {

    /** Checks what is declared, too. */
    static Declarations visibleFrom(ExtensionContext context) {
        Map<String, Declaration> visible = new LinkedHashMap<>();
        for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
            for (AnnotatedElement element : elements(at)) {
                declaredOn(element).forEach(visible::putIfAbsent);
            }
        }
        if (visible.isEmpty() || Scope.find(context, Declaration.IMPLICIT) != null) {
            visible.putIfAbsent(Declaration.IMPLICIT.name(), Declaration.IMPLICIT);
        }
        return new Declarations(visible);
    }

    Collection<Declaration> all() {
        return byName.values();
    }

    Declaration meantBy(Place place) {
        String name = place.server();
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

    private static Map<String, Declaration> declaredOn(AnnotatedElement element) {
        Map<String, Declaration> declared = new LinkedHashMap<>();
        for (EchoTest options : AnnotationSupport.findRepeatableAnnotations(new Alone(element), EchoTest.class)) {
            Declaration declaration = new Declaration(options, element);
            if (declared.put(options.name(), declaration) != null) { // the same twice comes once
                throw new ExtensionConfigurationException(
                        declaration.text() + ": it is declared there twice, differently; give each a name of its own");
            }
        }
        return declared;
    }

    /** A method or class of the context, and what the class inherits from, nearest first. */
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

    /** An element with the annotations that stand on itself: JUnit's search adds the inherited ones otherwise. */
    private record Alone(AnnotatedElement element) implements AnnotatedElement {

        @Override
        public <T extends Annotation> @Nullable T getAnnotation(Class<T> type) {
            return element.getDeclaredAnnotation(type);
        }

        @Override
        public Annotation[] getAnnotations() {
            return element.getDeclaredAnnotations();
        }

        @Override
        public Annotation[] getDeclaredAnnotations() {
            return element.getDeclaredAnnotations();
        }
    }
}
