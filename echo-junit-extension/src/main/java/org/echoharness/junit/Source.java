package org.echoharness.junit;

/**
 * Where the server that an {@link EchoTest} or {@link EchoExtension} declares runs.
 *
 * <p>The address of an external server is looked up in this order: {@link EchoTest#external()}; JUnit's configuration
 * parameter (in {@code junit-platform.properties}, or a system property) {@code echo.server.NAME.address}; the HTTP
 * interface at the configuration parameter {@code echo.control.url}, which ends with {@code #token=TOKEN} unless the
 * token is in {@code echo.control.token}; the file {@code target/echo/servers.properties}, which the Maven plugin's goal
 * {@code start} writes for the build. The file is looked for in the directory that the system property {@code basedir} names (Surefire and Failsafe set it to the
 * module's), or else in the current one; if the build directory has another name, beside the test's classes. The
 * configuration parameter {@code echo.servers.file} names another file, such as that of another module. If the process
 * that wrote the file has ended, the server counts as not found.
 *
 * <p>The configuration parameter {@code echo.source} replaces {@link #EMBEDDED} for all declarations of a run that have no
 * option which only an embedded server can have: {@code addresses}, {@code backlog}, {@code certificateFile}, {@code control},
 * or code.
 *
 * <p>Clients trust the certificate of an external server that speaks TLS as follows: if the server has the option {@code
 * control}, the extension asks for it; otherwise, it reads the PEM file that the configuration parameter {@code
 * echo.server.NAME.certificate} names, or the file {@code servers.properties}.
 */
public enum Source {

    /** In this JVM: started and closed by the extension. */
    EMBEDDED,

    /**
     * In another process, which the extension does not start. It is an error if no server is found. If the server has the
     * option {@code control}, as those of the goal {@code start} do, a test has what it has with an embedded one: the options
     * and faults of the declaration apply until its end, and {@code EchoServer}, {@code Recording}, checks and failure
     * reports are about the connections that come in that time. Tests that use such a server at the same time take turns;
     * each waits for up to 60 seconds. Without {@code control}, the other process sets options and faults, and a test cannot
     * ask for {@code EchoServer} and {@code Recording}.
     */
    EXTERNAL,

    /**
     * In another process if one is found, or else in this JVM, so that a test runs both in the build and in the IDE. An
     * address from {@link EchoTest#external()} or from a configuration parameter counts as found if it accepts a
     * connection. If the server is embedded, a report entry {@code echo.server.NAME} gives the reason. If it is
     * external and has no {@code control}, the entry lists the {@link EchoTest#checks() checks} that cannot be judged and
     * the options that have no effect.
     */
    EXTERNAL_OR_EMBEDDED
}
