/** A live TCP echo server and client for tests, builds and the prompt. Needs {@code java.base} alone. */
@SuppressWarnings("module") // the one that sees the package of internals is compiled after this one
module org.echoharness {
    requires static org.jspecify;

    exports org.echoharness;
    exports org.echoharness.sockets to
            org.echoharness.junit;
    exports org.echoharness.text to
            org.echoharness.junit;
}
