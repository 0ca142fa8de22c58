/** A JUnit Jupiter extension that injects running echo servers and connected clients into tests. */
module org.echoharness.junit {
    requires transitive org.echoharness;
    requires org.junit.jupiter.api;
    requires static org.assertj.core; // for EchoAssertions alone
    requires static org.jspecify;

    exports org.echoharness.junit;

    // JUnit makes the extension, which no one else needs to see
    opens org.echoharness.junit to
            org.junit.platform.commons;
}
