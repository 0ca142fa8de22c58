package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.echoharness.support.PlainSockets;
import org.echoharness.text.Escaping;
import org.echoharness.text.Utf8;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The text of a connection is exact, of limited size, and without invisible characters. */
class TranscriptTest {

    /** Payload that would do harm in a terminal or a page, or that is no text at all. */
    static List<byte[]> hostile() {
        return List.of(
                "\u001B]0;title\u0007\u001B[2J\u001B[31mred\u001B[0m".getBytes(ISO_8859_1),
                "one\r\ntwo\n\nthree\r\u0000\u007F\t\b\f".getBytes(ISO_8859_1),
                "\u202Eevil\u2066\u2069\u200F \uFEFF\u2028\u2029\u0085".getBytes(UTF_8),
                new byte[] {(byte) 0xC0, (byte) 0x80, (byte) 0xFF, (byte) 0xFE, (byte) 0xED, (byte) 0xA0, (byte) 0x80},
                "</code><script>alert('x')</script><!-- ]]> -->".getBytes(ISO_8859_1),
                "\"'`&amp;&lt;&#60; \\\" \\".getBytes(ISO_8859_1),
                "<img src=http://x onerror=url(https://y) href=z>".getBytes(ISO_8859_1),
                PlainSockets.random(10 * PlainSockets.MIB, 7));
    }

    private static RecordedConnection hostileOne(byte[] payload) {
        return new RecordedBytes(1, 64 << 10)
                .received(payload)
                .sent(payload)
                .note(RecordedEvent.Kind.FAULT, Fault.greet(small(payload)).toString())
                .end(Ending.Side.SERVER, Ending.How.RST, Escaping.escape(new String(small(payload), ISO_8859_1)))
                .snapshot();
    }

    private static byte[] small(byte[] payload) {
        return java.util.Arrays.copyOf(payload, Math.min(payload.length, 300));
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void printsOnlyVisibleTextAndNewlines(byte[] payload) {
        RecordedConnection connection = hostileOne(payload);
        for (String text : List.of(connection.transcript(), connection.timeline(), connection.hexDump())) {
            assertThat(text.codePoints()).allMatch(each -> each == '\n' || Utf8.isShown(each));
            assertThat(text).endsWith("\n");
        }
        assertThat(connection.transcript().lines()).hasSize(5);
        assertThat(connection.timeline().lines()).hasSize(6);
        assertThat(connection.hexDump()).matches("[ -~\\n]*");
        assertThat(connection.toString().codePoints()).allMatch(Utf8::isShown);
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void limitsSize(byte[] payload) {
        RecordedConnection connection = hostileOne(payload);
        assertThat(connection.transcript()).hasSizeLessThan(15_000);
        assertThat(connection.timeline()).hasSizeLessThan(4_000);
        assertThat(connection.hexDump()).hasSizeLessThan(2 * (4096 + 1) * 80);
    }

    @Test
    void cutsLongGreeting() {
        String greeting = Fault.greet("a".repeat(60_000).getBytes(ISO_8859_1)).toString();
        RecordedConnection connection =
                new RecordedBytes(1, 1).note(RecordedEvent.Kind.FAULT, greeting).snapshot();
        assertThat(connection.events().get(1).detail())
                .startsWith("greet \"aaa")
                .hasSizeLessThan(1_100);
        for (String text : List.of(
                connection.transcript(),
                connection.timeline(),
                String.join("\n", Recordings.ladder(Recordings.page(List.of(connection), 0))))) {
            assertThat(text).hasSizeLessThan(1_500).contains("a... (the first 1024 characters kept)");
        }
    }

    @Test
    void marksGapWhereEventsAreMissing() {
        RecordedBytes taped = new RecordedBytes(1, 10);
        for (int i = 0; i < 5_000; i++) {
            taped.received("x");
        }
        RecordedConnection connection =
                taped.end(Ending.Side.CLIENT, Ending.How.RST, "gone").snapshot();
        for (String text : List.of(connection.transcript(), connection.timeline())) {
            List<String> lines = text.lines().toList();
            assertThat(lines.get(lines.size() - 2)).isEqualTo("(905 events more, not kept)");
            assertThat(lines.get(lines.size() - 1)).matches(".*(lost|RST).*");
        }
        assertThat(Recordings.page(List.of(connection), 0))
                .containsPattern("905 more events were not kept\\.</div></li>\n<li class=\"rst [^R]*</span>RST: gone<");
    }

    @Test
    void hasLineForEachEvent() {
        String transcript = new RecordedBytes(3, 100)
                .at(1_234_567)
                .received("hello\n")
                .note(RecordedEvent.Kind.FAULT, "close after 3")
                .sent("h")
                .at(12_345_678_000L)
                .note(RecordedEvent.Kind.CLIENT_FIN, "")
                .note(RecordedEvent.Kind.SERVER_FIN, "close after 3")
                .end(Ending.Side.CLIENT, Ending.How.RST, "Connection reset")
                .snapshot()
                .transcript();
        assertThat(transcript).isEqualTo("""
                        0.000  connection from 10.0.0.2:4000
                        1.234  received 6 bytes "hello\\n" from 10.0.0.2:4000
                        1.234  applying close after 3 to 10.0.0.2:4000
                        1.234  sending 1 byte "h" to 10.0.0.2:4000
                    12345.678  no data from 10.0.0.2:4000
                    12345.678  closing 10.0.0.2:4000: close after 3
                    12345.678  lost 10.0.0.2:4000: Connection reset
                    """);
    }

    @Test
    void showsStepsAndMismatchOfScript() {
        RecordedConnection notMet = Recordings.notMet();
        assertThat(notMet.transcript()).isEqualTo("""
                    0.000  connection from 10.0.0.2:4000
                    1.000  received 9 bytes "PING\\n<Q>\\n" from 10.0.0.2:4000
                    1.000  step 1 of 2: line "PING"
                    1.000  sending 5 bytes "PONG\\n" to 10.0.0.2:4000
                    1.000  mismatch at step 2 of 2: expected line "QUIT", seen "<Q>\\n"
                    1.000  resetting 10.0.0.2:4000: step 2 of 2: expected line "QUIT", seen "<Q>\\n"
                """);
        assertThat(notMet.timeline().lines().map(line -> line.replaceAll(" {2,}", "  ")))
                .containsSequence("  1.000  <-- (step 1 of 2: line \"PING\")", "  1.000  <-- 5 \"PONG\\n\"")
                .contains("  1.000  <-- (mismatch: step 2 of 2: expected line \"QUIT\", seen \"<Q>\\n\")");
    }

    @Test
    void timelineHasClientLeftAndServerRight() {
        String timeline = new RecordedBytes(3, 100)
                .at(1_000_000)
                .received("hello")
                .sent("world")
                .end(Ending.Side.SERVER, Ending.How.RST, "why")
                .snapshot()
                .timeline();
        assertThat(timeline.lines().map(line -> line.replaceAll(" {2,}", "  ")))
                .containsExactly(
                        "  ms  client 10.0.0.2:4000  server 10.0.0.1:7",
                        "  0.000  connect -->",
                        "  1.000  5 \"hello\" -->",
                        "  1.000  <-- 5 \"world\"",
                        "  1.000  <-- RST: why");
        assertThat(timeline.lines().toList().get(3).indexOf("<--")).isGreaterThan(50);
    }

    @Test
    void hexDumpHasSixteenBytesPerLine() {
        String dump = new RecordedBytes(1, 100)
                .received("0123456789abcdef~\u007F\u0000\u00FF")
                .sent("ok")
                .received("more")
                .snapshot()
                .hexDump();
        String pad = " ".repeat(3 * 12);
        assertThat(dump)
                .isEqualTo("> 00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
                        + "> 00000010  7e 7f 00 ff" + pad + "  ~...\n"
                        + "< 00000000  6f 6b" + " ".repeat(3 * 14) + "  ok\n"
                        + "> 00000014  6d 6f 72 65" + pad + "  more\n");
    }

    @Test
    void marksBytesAndEventsNotKept() {
        RecordedBytes taped =
                new RecordedBytes(1, 3).received("hello").sent("abc").received("again");
        RecordedConnection cut = taped.snapshot();
        assertThat(cut.transcript())
                .contains(
                        "received 5 bytes \"hel\" (the first 3 kept) from",
                        "sending 3 bytes \"abc\" to",
                        "received 5 bytes (not kept) from",
                        "(still open)\n");
        assertThat(cut.events())
                .extracting(cut::payloadText)
                .contains("", "5 bytes \"hel\" (the first 3 kept)", "5 bytes (not kept)");
        assertThat(cut.timeline()).contains("5 \"hel\"... -->", "<-- 3 \"abc\"\n", "5 (not kept) -->");
        assertThat(cut.hexDump()).contains("> (2 bytes more, not kept)\n", "> (5 bytes more, not kept)\n");
        assertThat(cut.hexDump()).doesNotContain("< (");
        assertThat(new RecordedBytes(1, 5_000).sent(new byte[2_000]).snapshot().transcript())
                .contains("(the first 1024 shown) to");

        for (int i = 0; i < 5_000; i++) {
            taped.sent("x");
        }
        for (String text : List.of(
                taped.snapshot().transcript(),
                taped.snapshot().timeline(),
                taped.snapshot().hexDump())) {
            assertThat(text).contains("(908 events more, not kept)\n");
        }
    }

    @Test
    void showsTextAsText() {
        String greeting = Fault.greet("Grüße\r\n").toString();
        RecordedConnection connection = new RecordedBytes(1, 100)
                .note(RecordedEvent.Kind.FAULT, greeting)
                .received("Grüße".getBytes(UTF_8))
                .snapshot();
        assertThat(connection.transcript())
                .contains("applying greet \"Grüße\\r\\n\" to", "received 7 bytes \"Grüße\" from");
        assertThat(connection.timeline()).contains("(greet \"Grüße\\r\\n\")", "7 \"Grüße\" -->");
        assertThat(Recordings.page(List.of(connection), 0))
                .contains("greet &quot;Grüße<", "7 bytes</p><pre class=\"b\" data-o=\"0\">Grüße</pre>");
    }

    /** Each byte stands in the line of the chunk in which it came. */
    @Test
    void escapesCharacterSplitAcrossChunks() {
        RecordedConnection connection = new RecordedBytes(1, 100)
                .received(new byte[] {'G', 'r', (byte) 0xC3})
                .received(new byte[] {(byte) 0xBC, 'n'})
                .snapshot();
        assertThat(connection.transcript())
                .contains("received 3 bytes \"Gr\\xc3\" from", "received 2 bytes \"\\xbcn\" from");
    }

    /** An assertion's message is printed twice, so it must be short. */
    @Test
    void errorsShowShortTranscript() {
        RecordedBytes taped =
                new RecordedBytes(1, 10_000).received("a" + "\0".repeat(500)).sent("x\u00fc");
        assertThat(taped.snapshot().excerpt().lines().toList().get(1))
                .hasSizeBetween(397, 403)
                .endsWith("\\x00...");
        for (int i = 0; i < 57; i++) {
            taped.sent("x");
        }
        RecordedConnection most = taped.snapshot();
        assertThat(most.excerpt().lines()).hasSize(61).noneMatch(line -> line.contains("left out"));
        for (int i = 0; i < 1_000; i++) {
            taped.sent("y");
        }
        RecordedConnection more = taped.snapshot();
        assertThat(more.transcript().lines()).hasSize(1_061);
        assertThat(more.excerpt().lines()).hasSize(61).element(20).isEqualTo("(1001 lines left out)");
        assertThat(more.excerpt()).endsWith("(still open)\n").hasSizeLessThan(10_000);
        assertThatThrownBy(() -> more.assertReceived(new byte[1])).message().endsWith(more.excerpt());
        assertThatThrownBy(() -> more.assertEndedBy(Ending.Side.CLIENT, Ending.How.FIN))
                .message()
                .endsWith(more.excerpt());
        RecordedBytes client = RecordedBytes.byClient(10_000, Duration.ofMillis(1));
        for (int i = 0; i < 1_000; i++) {
            client.sent("z");
        }
        assertThatThrownBy(() -> RecordingComparison.of(client.snapshot(), more).assertSame())
                .message()
                .hasSizeLessThan(15_000)
                .contains(" lines left out)");
    }

    @Test
    void timelineCutsNoEscape() {
        for (int i = 0; i < 30; i++) {
            String payload = "x".repeat(i) + "\u0000".repeat(30 - i);
            String timeline =
                    new RecordedBytes(1, 100).received(payload).snapshot().timeline();
            assertThat(timeline.lines().toList().get(2)).matches(".*\"x*(\\\\x00)*(\"|\\.\\.\\.) -->");
        }
        String umlauts = new RecordedBytes(1, 100)
                .received("x日本語日本語日本語日本語".getBytes(UTF_8))
                .snapshot()
                .timeline();
        assertThat(umlauts).contains("37 \"x日本語日本語日本語日\"... -->");
    }

    @Test
    void rejectedConnectionHasOneReset() {
        RecordedConnection rejected = new RecordedBytes(0, 10).reject().snapshot();
        assertThat(rejected.transcript().lines().map(line -> line.substring(11)))
                .containsExactly("connection from 10.0.0.2:4000", "rejecting 10.0.0.2:4000");
        assertThat(rejected.timeline()).containsOnlyOnce("RST: maxConnections");
    }
}
