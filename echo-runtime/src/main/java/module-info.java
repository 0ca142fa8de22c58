/** A live TCP echo server and client for tests, builds and the prompt. Needs {@code java.base} alone. */
module org.echoharness {
    requires static org.jspecify;

    exports org.echoharness;
}
