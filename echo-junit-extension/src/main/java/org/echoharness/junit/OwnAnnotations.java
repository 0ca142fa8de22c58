package org.echoharness.junit;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import org.jspecify.annotations.Nullable;

/** An element with the annotations that stand on itself: JUnit's search adds the inherited ones otherwise. */
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
