package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The options that a declaration passes to the builder of the server. */
class DeclarationTest {

    @ParameterizedTest
    @MethodSource
    void eachOptionReachesBuilder(EchoTest wrong) {
        assertThatThrownBy(() -> EchoExtension.Annotations.options(wrong).check())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching(wrong.name() + "( \\(0x?\\) |: \"0\" at position 1: ).*");
    }

    static Stream<EchoTest> eachOptionReachesBuilder() {
        return Stream.of(Wrong.class.getAnnotationsByType(EchoTest.class));
    }

    @ParameterizedTest
    @MethodSource
    void knowsWhetherPortIsFixed(EchoTest options) {
        assertThat(EchoExtension.Annotations.options(options).hasFixedPort())
                .isEqualTo(options.name().startsWith("fixed"));
    }

    static Stream<EchoTest> knowsWhetherPortIsFixed() {
        return Stream.of(Ports.class.getAnnotationsByType(EchoTest.class));
    }

    @ParameterizedTest
    @MethodSource("knowsWhetherPortIsFixed")
    void fixedPortLastsForClass(EchoTest options) {
        assertThat(new Declaration(EchoExtension.Annotations.options(options), Ports.class).scope())
                .isEqualTo(options.name().startsWith("fixed") ? EchoScope.CLASS : EchoScope.INFERRED);
    }

    @Test
    void hasDefaultsOfAnnotation() {
        EchoTest annotation = Implied.class.getAnnotation(EchoTest.class);
        assertThat(EchoExtension.Annotations.options(annotation)).isEqualTo(ServerOptions.DEFAULTS);
    }

    @Test
    void returnsEachOptionOfAnnotation() {
        EchoTest annotation = Full.class.getAnnotation(EchoTest.class);
        ServerOptions options = EchoExtension.Annotations.options(annotation);
        assertThat(options.serverWords())
                .containsExactly(
                        entry("addresses", "127.0.0.1:0,127.0.0.2:0"),
                        entry("backlog", "1"),
                        entry("bufferSize", "2"),
                        entry("maxConnections", "3"),
                        entry("idleTimeout", "4s"),
                        entry("idleClose", "5s"),
                        entry("eventLoops", "6"),
                        entry("faults", "reset"),
                        entry("upstream", "127.0.0.1:1"),
                        entry("upstreamFailure", "close"),
                        entry("upstreamTls", "insecure"),
                        entry("upstreamProxyProtocol", "v2"),
                        entry("proxyProtocol", "v1"),
                        entry("tls", "expired"),
                        entry("certificateFile", "a.pem"),
                        entry("recording", "7"),
                        entry("control", "127.0.0.1:0"));
        assertThat(options.clientWords())
                .containsExactly(entry("connectTimeout", "8s"), entry("readTimeout", "9s"), entry("timeout", "10s"));
    }

    @EchoTest
    private interface Implied {}

    @EchoTest(
            addresses = {"127.0.0.1:0", "127.0.0.2:0"},
            backlog = "1",
            bufferSize = "2",
            maxConnections = "3",
            idleTimeout = "4s",
            idleClose = "5s",
            eventLoops = "6",
            faults = "reset",
            upstream = "127.0.0.1:1",
            upstreamFailure = "close",
            upstreamTls = "insecure",
            upstreamProxyProtocol = "v2",
            proxyProtocol = "v1",
            tls = "expired",
            certificateFile = "a.pem",
            recording = "7",
            control = "127.0.0.1:0",
            connectTimeout = "8s",
            readTimeout = "9s",
            timeout = "10s")
    private interface Full {}

    @EchoTest(name = "address", addresses = "0")
    @EchoTest(name = "backlog", backlog = "0")
    @EchoTest(name = "bufferSize", bufferSize = "0")
    @EchoTest(name = "maxConnections", maxConnections = "0")
    @EchoTest(name = "idleTimeout", idleTimeout = "0")
    @EchoTest(name = "idleClose", idleClose = "0")
    @EchoTest(name = "eventLoops", eventLoops = "0")
    @EchoTest(name = "faults", faults = "0")
    @EchoTest(name = "upstream", upstream = "0x")
    @EchoTest(name = "upstreamFailure", upstreamFailure = "0")
    @EchoTest(name = "upstreamTls", upstreamTls = "0x")
    @EchoTest(name = "upstreamProxyProtocol", upstreamProxyProtocol = "0x")
    @EchoTest(name = "proxyProtocol", proxyProtocol = "0x")
    @EchoTest(name = "tls", tls = "0x")
    @EchoTest(name = "certificateFile", certificateFile = "0x")
    @EchoTest(name = "connectTimeout", connectTimeout = "0")
    @EchoTest(name = "recording", recording = "0x")
    @EchoTest(name = "control", control = "0x")
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
