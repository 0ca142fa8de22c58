package org.echoharness.junit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Checks the version of JUnit for an annotation on fields. JUnit 5.11 loads all extensions of a field before it creates
 * the first, {@link JUnitVersion}, so that its error would name a missing class. Before that it reads this annotation,
 * whose constant checks the version.
 */
@Target(ElementType.ANNOTATION_TYPE)
@Retention(RetentionPolicy.RUNTIME)
@interface NeedsJUnit {

    /** The version that is needed. */
    Oldest value();

    /** The initialization of this class, when JUnit reads the annotation, fails if JUnit is too old. */
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
