package org.echoharness.control;

/** Checks that the JVM has the JDK's HTTP server, which is a module of its own. Any thread may call it. */
public final class HttpServerModule {

    private static final String TYPE = "com.sun.net.httpserver.HttpServer";

    private HttpServerModule() {}

    /**
     * Throws if the interface cannot be used.
     *
     * @param address the value of the option, for the error
     */
    public static void require(String address) {
        try {
            Class.forName(TYPE, false, HttpServerModule.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError missing) {
            throw new IllegalArgumentException(
                    "control (" + address + ") needs the module jdk.httpserver, which this JVM does not have;"
                            + " run java with --add-modules jdk.httpserver, or leave control out (none)",
                    missing);
        }
    }
}
