package org.echoharness.junit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Stands on an annotation for fields. JUnit 5.11 loads all extensions of a field before it makes the first, {@link
 * JUnitVersion}, so that its error would name a missing class. Before that it reads this annotation: its constant checks the
 * version.
 */
@Target(ElementType.ANNOTATION_TYPE)
@Retention(RetentionPolicy.RUNTIME)
@interface NeedsJUnit {

    /** The version that is needed. */
    Oldest value();

    /** Initialized when the annotation is read; that fails where JUnit is too old. */
    enum Oldest {
        V5_12_2;

        static {
            String complaint = JUnitVersion.complaint();
            if (complaint != null) {
                throw new LinkageError(complaint);
            }
        }
    }
}
