package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of configuration parameters that have no effect. */
class ParameterNamesTest {

    @EchoTest
    static class OnItsClass {
        @Test
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    static class OnItsMethod {
        @Test
        @EchoTest
        void test(EchoServer server) {
            InjectedLog.server(server);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "echo.timeot, echo.timeout",
        "echo.timeouts, echo.timeout",
        "echo.tiemout, echo.timeout",
        "echo.Timeout, echo.timeout",
        "echo.timeOut, echo.timeout",
        "echo.time-out, echo.timeout",
        "echo.timeour, echo.timeout",
        "ecko.timeout, echo.timeout",
        "echo-timeout, echo.timeout",
        "echotimeout, echo.timeout",
        "echo.check, echo.checks",
        "echo.cheks, echo.checks",
        "echo.server.file, echo.servers.file",
        "echo.servers.files, echo.servers.file"
    })
    void refusesMisspelledParameter(String wrong, String right) throws IOException {
        for (Class<?> fixture : new Class<?>[] {OnItsClass.class, OnItsMethod.class}) {
            assertThat(Run.with(Map.of(wrong, "1s"), fixture).failure())
                    .isInstanceOf(ExtensionConfigurationException.class)
                    .hasMessage("the configuration parameter " + wrong + " has no effect; did you mean " + right + "?");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo.time", "echo.record", "echo.client.timeout", "echo.server.other.port"})
    void ignoresOtherParameters(String name) throws IOException {
        Run.with(Map.of(name, "1", "echo.timeout", "10m", "echo.checks", "all"), OnItsClass.class)
                .passed(1);
    }
}
