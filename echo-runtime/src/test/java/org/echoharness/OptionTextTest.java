package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.reflect.Method;
import java.time.Duration;
import org.echoharness.text.Quantities;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionTextTest {

    @ParameterizedTest
    @CsvSource({"16, 16", "16B, 16", "16KiB, 16384", "16 KiB, 16384", "1MiB, 1048576", "1GiB, 1073741824"})
    void readsSizes(String text, int bytes) {
        assertThat(OptionText.bufferSize("bufferSize", text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"50ms, PT0.05S, 50ms", "2s, PT2S, 2s", "1m, PT1M, 1m", "1h, PT1H, 60m", "90s, PT1M30S, 90s"})
    void readsDurations(String text, Duration duration, String printed) {
        assertThat(Quantities.duration("idleTimeout", text)).isEqualTo(duration);
        assertThat(Quantities.text(duration)).isEqualTo(printed);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bufferSize|0|bufferSize (0) must be at least 1 byte",
                "bufferSize|1025MiB|bufferSize (1074790400) must be at most 1073741824 bytes (1 GiB)",
                "bufferSize|16KB|bufferSize (16KB) must be a size in bytes, such as 16, 16KiB or 1MiB",
                "bufferSize|-4294967280|bufferSize (-4294967280) must be a size in bytes, such as 16, 16KiB or 1MiB",
                "bufferSize|2048MiB|bufferSize (2147483648) must be at most 1073741824 bytes (1 GiB)",
                "bufferSize|2GiB|bufferSize (2147483648) must be at most 1073741824 bytes (1 GiB)",
                "bufferSize|9223372036854775808|bufferSize (9223372036854775808) must be at most 1073741824 bytes (1 GiB)",
                "bufferSize|99999999999GiB|bufferSize (99999999999GiB) must be at most 1073741824 bytes (1 GiB)",
                "recording|2GiB|recording (2147483648) must be at most 1073741824 bytes a connection",
                "recording|99999999999GiB|recording (99999999999GiB) must be at most 1073741824 bytes a connection",
                "maxConnections|2147483648|maxConnections (2147483648) must be at most 2147483647",
                "eventLoops|99999999999999999999|eventLoops (99999999999999999999) must be at most 256",
                "faults|truncate 99999999999GiB|faults: \"99999999999GiB\" at position 10: truncate (99999999999GiB) must"
                        + " be at most 9223372036854775807 bytes",
                "idleTimeout|5|idleTimeout (5) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m,"
                        + " of at most 365 days",
                "idleTimeout|9000h|idleTimeout (9000h) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s"
                        + " or 1m, of at most 365 days",
                "idleTimeout|0s|idleTimeout (0s) must be at least 1ms and at most 365 days",
                "backlog|many|backlog (many) must be a whole number of at least 1",
                "backlog|0|backlog (0) must be at least 1",
                "backlog|65536|backlog (65536) must be at most 65535",
                "maxConnections|-4294967291|maxConnections (-4294967291) must be a whole number of at least 1",
                "maxConnections|0|maxConnections (0) must be at least 1",
                "eventLoops|257|eventLoops (257) must be at most 256",
                "addresses|127.0.0.1:1,,|addresses (127.0.0.1:1,,) must be a list of values with a comma between each two",
                "addresses|'\u001b,,'|addresses (\\x1b,,) must be a list of values with a comma between each two",
                "upstream|'*:6\r'|upstream (*:6\\r) must name one host, such as localhost:5432",
                "upstream|'a:0\n'|upstream (a:0\\n) must have a port from 1 to 65535",
                "upstream|'unix:\r'|upstream (unix:\\r) must name the file of a server, such as unix:/tmp/echo.sock",
                "certificateFile|'\t'|certificateFile (\\t) must be the path of a file, such as echo.pem",
                "bufferSise|1|there is no option \"bufferSise\"; the options are WORDS; did you mean bufferSize?",
                "buffersize|1|there is no option \"buffersize\"; the options are WORDS; did you mean bufferSize?",
                "port|1|there is no option \"port\"; the options are WORDS",
            })
    void wrongServerOptionErrorNamesCure(String word, String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().set(word, text))
                .withMessage(message.replace("WORDS", String.join(", ", EchoServer.Builder.words())));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "address|127.0.0.1:0|address (127.0.0.1:0) must name the port that the server listens on; port 0 is for servers",
                "bufferSize|0|bufferSize (0) must be at least 1 byte",
                "connectTimeout|0ms|connectTimeout (0s) must be at least 1ms and at most 365 days",
                "readTimeout|1|readTimeout (1) must be a duration with its unit (ms, s, m or h), such as 50ms, 2s or 1m,"
                        + " of at most 365 days",
                "backlog|1|there is no option \"backlog\"; the options are address, bufferSize, connectTimeout, readTimeout, timeout, tls, recording",
            })
    void wrongClientOptionErrorNamesCure(String word, String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoClient.builder().set(word, text))
                .withMessage(message);
    }

    @Test
    void textAndJavaSetSameOptions() {
        ServerConfig fromText = EchoServer.builder()
                .set("addresses", "127.0.0.1:1, [::1]:2")
                .set("backlog", "3")
                .set("bufferSize", "4KiB")
                .set("maxConnections", "5")
                .set("idleTimeout", "6s")
                .set("idleClose", "5s")
                .set("eventLoops", "7")
                .warnings(System.err::println)
                .build()
                .core()
                .config();
        ServerConfig fromJava = EchoServer.builder()
                .addresses("127.0.0.1:1", "[::1]:2")
                .backlog(3)
                .bufferSize(4096)
                .maxConnections(5)
                .idleTimeout(Duration.ofSeconds(6))
                .idleClose(Duration.ofSeconds(5))
                .eventLoops(7)
                .build()
                .core()
                .config();

        assertThat(fromText)
                .usingRecursiveComparison()
                .ignoringFields("warnings")
                .isEqualTo(fromJava);
    }

    @Test
    void shorterIdleLimitApplies() {
        assertThat(idle(5, 6)).isEqualTo("RST after 5s");
        assertThat(idle(6, 5)).isEqualTo("FIN after 5s");
        assertThat(idle(5, 5)).isEqualTo("RST after 5s");
        assertThat(idle(0, 5)).isEqualTo("FIN after 5s");
        assertThat(idle(5, 0)).isEqualTo("RST after 5s");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().set("idleClose", "5"))
                .withMessageStartingWith("idleClose (5) must be a duration with its unit");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().idleClose(Duration.ZERO))
                .withMessage("idleClose (0s) must be at least 1ms and at most 365 days");
    }

    private static String idle(int timeout, int close) {
        EchoServer.Builder builder = EchoServer.builder();
        builder.set("idleTimeout", timeout == 0 ? "none" : timeout + "s");
        builder.set("idleClose", close == 0 ? "none" : close + "s");
        ServerConfig config = builder.build().core().config();
        return (config.closesIdle() ? "FIN after " : "RST after ")
                + Quantities.text(Duration.ofNanos(config.idleNanos()));
    }

    @Test
    void everyWordIsMethodOfBuilder() {
        assertThat(EchoServer.Builder.words())
                .startsWith("addresses", "backlog")
                .doesNotHaveDuplicates();
        assertThat(EchoClient.Builder.words())
                .startsWith("address", "bufferSize")
                .doesNotHaveDuplicates();
        assertThat(EchoServer.Builder.class.getMethods())
                .extracting(Method::getName)
                .containsAll(EchoServer.Builder.words());
        assertThat(EchoClient.Builder.class.getMethods())
                .extracting(Method::getName)
                .containsAll(EchoClient.Builder.words());
    }

    @Test
    void noneRemovesLimit() {
        ServerConfig config = EchoServer.builder()
                .maxConnections(1)
                .idleTimeout(Duration.ofSeconds(1))
                .idleClose(Duration.ofSeconds(1))
                .set("maxConnections", "none")
                .set("idleTimeout", "none")
                .set("idleClose", "none")
                .build()
                .core()
                .config();

        assertThat(config.maxConnections()).isZero();
        assertThat(config.idleNanos()).isZero();
    }

    @Test
    void namesDurationOutOfRange() {
        for (Duration wrong :
                new Duration[] {Duration.ofSeconds(Long.MAX_VALUE), Duration.ofNanos(1), Duration.ofSeconds(-5)}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> EchoServer.builder().idleTimeout(wrong))
                    .withMessage("idleTimeout (" + wrong + ") must be at least 1ms and at most 365 days");
        }
    }

    @Test
    void refusesDuplicateAddress() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().addresses("127.0.0.1:1", "127.0.0.1:1"))
                .withMessage("addresses: 127.0.0.1:1 is given twice; leave one out");
    }

    @Test
    void serverRequiresAddress() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EchoServer.builder().addresses())
                .withMessage("addresses () must name at least one address, such as 127.0.0.1:0");
    }

    @ParameterizedTest
    @CsvSource({"none, -1", "0, 0", "4KiB, 4096", "1GiB, 1073741824"})
    void readsHowMuchToRecord(String text, int bytes) {
        assertThat(OptionText.recorded("recording", text)).isEqualTo(bytes);
        assertThat(OptionText.recorded("recording", "on")).isPositive();
    }

    @Test
    void refusesTextThatWasNotDecoded() {
        assertThat(OptionText.decoded("script", "ü")).isEqualTo("ü");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OptionText.decoded("script", "\uFFFD"))
                .withMessageStartingWith("script (\\xef\\xbf\\xbd) must be text without U+FFFD; ");
    }

    @ParameterizedTest
    @CsvSource({"none", "system", "insecure", "' none '", "self-signed", "expired", "for a.example"})
    void knowsThatTextIsNoFile(String text) {
        assertThat(OptionText.isPemFile(text)).isFalse();
    }

    @Test
    void warnsOfTrustInAnyServer() {
        assertThat(OptionText.isPemFile("target/a.pem")).isTrue();
        assertThat(OptionText.warning("tls", "target/a.pem")).isEmpty();
        assertThat(OptionText.warning("tls", "insecure")).startsWith("tls (insecure) accepts any certificate, ");
    }
}
