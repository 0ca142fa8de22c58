package org.echoharness.junit;

/** How long the server that an {@link EchoTest} or {@link EchoExtension} declares lives. */
public enum EchoScope {

    /**
     * As long as the place that it is first injected into, as {@link Echo} says. A declaration on a method is for one
     * test. Only one server can have a fixed port, so that a declaration on a class with a fixed port is for the class.
     */
    INFERRED,

    /**
     * One server for each test, also with {@link org.junit.jupiter.api.TestInstance.Lifecycle#PER_CLASS PER_CLASS}. It
     * cannot be injected into places that last for the class.
     */
    METHOD,

    /**
     * One server for all tests of the class that carries or inherits the declaration, including those in its {@code @Nested}
     * classes, wherever it is injected.
     */
    CLASS,

    /**
     * One server for all classes that declare it equally, by its name, until the end of the run. The run is the
     * launcher session from JUnit 5.13 on, and one execution with 5.12. Other tests see what a test changes, such as
     * the faults.
     */
    RUN
}
