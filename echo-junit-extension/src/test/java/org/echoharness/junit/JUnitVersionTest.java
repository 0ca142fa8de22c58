package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.PreInterruptCallback;

/** The error names a JUnit version that is too old, not a missing class. */
class JUnitVersionTest {

    /** Loads its own classes, as JUnit 5.11 has them: without the additions of 5.12. */
    private static final class Older extends ClassLoader {
        Older() {
            super(JUnitVersionTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.equals(PreInterruptCallback.class.getName())) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith("org.junit.jupiter.api.extension.") && !name.equals(JUnitVersion.class.getName())) {
                return super.loadClass(name, resolve);
            }
            Class<?> known = findLoadedClass(name);
            return known != null ? known : define(name);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            String file = name.replace('.', '/') + ".class";
            try (InputStream in = getParent().getResourceAsStream(file)) {
                assertNotNull(in, file);
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    @Test
    void namesRequiredVersion() throws ReflectiveOperationException {
        Constructor<?> constructor =
                new Older().loadClass(JUnitVersion.class.getName()).getDeclaredConstructor();
        constructor.setAccessible(true);

        assertThatThrownBy(constructor::newInstance)
                .isInstanceOf(InvocationTargetException.class)
                .cause()
                .hasMessageMatching(
                        "echo-junit-extension needs JUnit Jupiter 5\\.12\\.2 or later, and .* is on the class path;"
                                + " set the version of org\\.junit\\.jupiter:junit-jupiter .* to 5\\.12\\.2 or later");
    }

    @Test
    void checksVersionBeforeLoadingExtension() {
        for (Class<?> annotation : new Class<?>[] {Echo.class, EchoTest.class}) {
            assertThat(annotation.getAnnotationsByType(ExtendWith.class)[0].value())
                    .as(annotation.toString())
                    .containsExactly(JUnitVersion.class);
        }
    }
}
