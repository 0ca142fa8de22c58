/**
 * A live TCP echo server and client for tests, builds and the command line. Needs only {@code java.base};
 * a server with an HTTP interface also needs {@code jdk.httpserver}.
 */
@SuppressWarnings("module") // the module that the packages are exported to is compiled after this one
module org.echoharness {
    requires static jdk.httpserver;
    requires static org.jspecify;

    exports org.echoharness;
    exports org.echoharness.script;
    exports org.echoharness.sockets to
            org.echoharness.junit;
    exports org.echoharness.text to
            org.echoharness.junit;
}
