package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is handed to the builder of the server. */
class DeclarationTest {

    @ParameterizedTest
    @MethodSource
    void eachOptionReachesTheBuilderByItsWord(EchoTest wrong) {
        assertThatThrownBy(() -> ServerOptions.of(wrong).check())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching(wrong.name() + "( \\(0x?\\) |: \"0\" at position 1: ).*");
    }

    static Stream<EchoTest> eachOptionReachesTheBuilderByItsWord() {
        return Stream.of(Wrong.class.getAnnotationsByType(EchoTest.class));
    }

    @ParameterizedTest
    @MethodSource
    void knowsWhetherAPortIsFixed(EchoTest options) {
        assertThat(ServerOptions.of(options).hasFixedPort())
                .isEqualTo(options.name().startsWith("fixed"));
    }

    static Stream<EchoTest> knowsWhetherAPortIsFixed() {
        return Stream.of(Ports.class.getAnnotationsByType(EchoTest.class));
    }

    @ParameterizedTest
    @MethodSource("knowsWhetherAPortIsFixed")
    void fixedPortLastsForTheClass(EchoTest options) {
        assertThat(new Declaration(ServerOptions.of(options), Ports.class).scope())
                .isEqualTo(options.name().startsWith("fixed") ? EchoScope.CLASS : EchoScope.INFERRED);
    }

    @EchoTest(name = "address", addresses = "0")
    @EchoTest(name = "backlog", backlog = "0")
    @EchoTest(name = "bufferSize", bufferSize = "0")
    @EchoTest(name = "maxConnections", maxConnections = "0")
    @EchoTest(name = "idleTimeout", idleTimeout = "0")
    @EchoTest(name = "idleClose", idleClose = "0")
    @EchoTest(name = "eventLoops", eventLoops = "0")
    @EchoTest(name = "faults", faults = "0")
    @EchoTest(name = "recording", recording = "0x")
    private interface Wrong {}

    @EchoTest(name = "default")
    @EchoTest(name = "empty", addresses = "")
    @EchoTest(
            name = "both picked",
            addresses = {"127.0.0.1:0", "*:0"})
    @EchoTest(name = "fixed", addresses = "[::1]:7")
    @EchoTest(
            name = "fixed one",
            addresses = {"127.0.0.1:0", "127.0.0.1:7"})
    @EchoTest(name = "fixed one in a list", addresses = "127.0.0.1:0, 127.0.0.1:7")
    private interface Ports {}
}
