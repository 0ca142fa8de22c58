package org.echoharness.junit;

/**
 * Where the server that an {@link EchoTest} or {@link EchoExtension} declares runs.
 *
 * <p>The address of an external server is looked up in this order: {@link EchoTest#external()}; JUnit's configuration
 * parameter (in {@code junit-platform.properties}, or a system property) {@code echo.server.NAME.address}; the file
 * {@code target/echo/servers.properties}, which the Maven plugin's goal {@code start} writes for the build. The file is
 * looked for in the directory that the system property {@code basedir} names (Surefire and Failsafe set it to the
 * module's), or else in the current one; where the build directory has another name, beside the test's classes. The
 * configuration parameter {@code echo.servers.file} names another file, such as that of another module. A file of a
 * process that has ended is ignored.
 */
public enum Source {

    /** In this JVM: started and closed by the extension. */
    EMBEDDED,

    /**
     * In another process, which is not started here. It is an error if none is found. Its options and faults are set where
     * it is started, and its {@code EchoServer} and {@code Recording} are there: here they are refused.
     */
    EXTERNAL,

    /**
     * In another process if one is found, or else in this JVM, so that a test runs both in the build and in the IDE. An
     * address from {@link EchoTest#external()} or from a configuration parameter counts as found if it accepts a
     * connection. A report entry {@code echo.server.NAME} says so when the server is embedded, and why; when it is external,
     * which {@link EchoTest#checks() checks} cannot be judged and which options have no effect.
     */
    EXTERNAL_OR_EMBEDDED
}
