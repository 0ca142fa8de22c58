package org.echoharness.junit;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import org.jspecify.annotations.Nullable;

/** An element with its own annotations only. Without this class, JUnit's search adds the inherited ones. */
record OwnAnnotations(AnnotatedElement element) implements AnnotatedElement {

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
