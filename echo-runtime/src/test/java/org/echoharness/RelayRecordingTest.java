package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a recording shows both legs of a relay together. */
class RelayRecordingTest {

    /** The relay corrupts the first byte of hello, passes on the answer, and then the FINs of client and server. */
    private static RecordedConnection corrupted() {
        RecordedBytes client = new RecordedBytes(1, 100).at(1_000_000);
        RecordedBytes upstream = client.upstream();
        client.at(2_000_000).received("hello");
        upstream.at(2_100_000).note(RecordedEvent.Kind.FAULT, "corrupt byte 1 to server");
        upstream.at(2_200_000).sent("\u0097ello");
        upstream.at(3_000_000).received("welcome");
        client.at(3_100_000).sent("welcome");
        client.at(4_000_000).note(RecordedEvent.Kind.CLIENT_FIN, "");
        upstream.at(4_100_000).note(RecordedEvent.Kind.CLIENT_FIN, "");
        upstream.at(5_000_000).note(RecordedEvent.Kind.SERVER_FIN, "");
        upstream.end(Ending.Side.CLIENT, Ending.How.FIN, "");
        client.at(5_100_000).end(Ending.Side.SERVER, Ending.How.FIN, "");
        return client.snapshot();
    }

    @Test
    void transcriptHasBothLegsInOrderOfTime() {
        assertThat(corrupted().transcript()).isEqualTo("""
                    0.000  connection from 10.0.0.2:4000
                    1.000  connected to upstream 10.0.0.3:5432 from 10.0.0.1:5000
                    2.000  received 5 bytes "hello" from 10.0.0.2:4000
                    2.100  applying corrupt byte 1 to server (upstream 10.0.0.3:5432)
                    2.200  sending 5 bytes "\\x97ello" to upstream 10.0.0.3:5432
                    3.000  received 7 bytes "welcome" from upstream 10.0.0.3:5432
                    3.100  sending 7 bytes "welcome" to 10.0.0.2:4000
                    4.000  no data from 10.0.0.2:4000
                    4.100  closing upstream 10.0.0.3:5432
                    5.000  no data from upstream 10.0.0.3:5432
                    5.100  closing 10.0.0.2:4000
                (the bytes to the server differ at offset 0: came "hello", passed on "\\x97ello" (corrupt byte 1 to server))
                """);
    }

    @Test
    void upstreamHasTranscriptOfItsOwn() {
        RecordedConnection upstream = corrupted().upstream().orElseThrow();
        assertThat(upstream.transcript()).isEqualTo("""
                    0.000  connected to upstream 10.0.0.3:5432 from 10.0.0.1:5000
                    1.100  applying corrupt byte 1 to server (upstream 10.0.0.3:5432)
                    1.200  sending 5 bytes "\\x97ello" to upstream 10.0.0.3:5432
                    2.000  received 7 bytes "welcome" from upstream 10.0.0.3:5432
                    3.100  closing upstream 10.0.0.3:5432
                    4.000  no data from upstream 10.0.0.3:5432
                """);
        assertThat(upstream)
                .hasToString("upstream of connection 1 to 10.0.0.3:5432, 7 bytes in, 5 out, ended by CLIENT FIN");
        assertThat(upstream.accepted()).isEqualTo(RecordedBytes.ACCEPTED.plusMillis(1));
        assertThat(upstream.opened()).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void summaryHasBothLegs() {
        assertThat(corrupted())
                .hasToString("connection 1 from 10.0.0.2:4000, 5 bytes in, 7 out, ended by CLIENT FIN;"
                        + " upstream 10.0.0.3:5432, 7 bytes in, 5 out, ended by CLIENT FIN");
    }

    @Test
    void timelineHasRelayBetweenClientAndServer() {
        List<String> lines = corrupted().timeline().lines().toList();
        assertThat(lines)
                .extracting(line -> line.replaceAll(" {2,}", "  ").strip())
                .containsExactly(
                        "ms  client 10.0.0.2:4000  relay 10.0.0.1:7  server 10.0.0.3:5432",
                        "0.000  connect -->",
                        "1.000  connect -->",
                        "2.000  5 \"hello\" -->",
                        "2.100  (corrupt byte 1 to server) -->",
                        "2.200  5 \"\\x97ello\" -->",
                        "3.000  <-- 7 \"welcome\"",
                        "3.100  <-- 7 \"welcome\"",
                        "4.000  FIN -->",
                        "4.100  FIN -->",
                        "5.000  <-- FIN",
                        "5.100  <-- FIN");
        int relay = lines.get(0).indexOf("relay") + 1;
        int server = lines.get(0).indexOf("server") + 1;
        assertThat(lines.get(2).indexOf("connect")).isEqualTo(relay);
        assertThat(lines.get(4).indexOf("(corrupt")).isEqualTo(relay);
        assertThat(lines.get(7).indexOf("<--")).isEqualTo(relay);
        assertThat(lines.get(6).indexOf("<--")).isEqualTo(server);
    }

    @Test
    void hexDumpMarksEachLegAndDirection() {
        assertThat(corrupted().hexDump().lines().map(line -> line.replaceAll(" {2,}", "  ")))
                .containsExactly(
                        "> 00000000  68 65 6c 6c 6f  hello",
                        ">> 00000000  97 65 6c 6c 6f  .ello",
                        "<< 00000000  77 65 6c 63 6f 6d 65  welcome",
                        "< 00000000  77 65 6c 63 6f 6d 65  welcome");
    }

    /** What came from the client, what went to the server, a fault, how it ended, and what the transcript says. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "abc    | abc    | delay 5ms to server    | FIN | passed on unchanged: 3 bytes to the server, 0 bytes to the client",
                "``     | ``     | delay 5ms to server    | FIN |",
                "abc    | ab     | reset after 2 to server| RST | the bytes to the server differ at offset 2: came \"c\", passed on nothing more (reset after 2 to server)",
                "abc    | abcc   | duplicate 1 to server  | FIN | the bytes to the server differ at offset 3: came nothing more, passed on \"c\" (duplicate 1 to server)",
                "abc    | ab     | delay 5ms to server    | RST | the bytes to the server differ at offset 2: came \"c\", passed on nothing more (the test)",
                "abc    | ab     | delay 5ms to server    |     | 1 byte to the server is not sent yet",
                "abc    | a      | stall after 1 to server |    | 2 bytes to the server are not sent yet (stall after 1 to server)",
                "abcdefghij | abcdefghij | delay 5ms to server | FIN |",
                "abcdefghij | abcdefghix | delay 5ms to server | FIN |",
                "abcdefghij | abcdefghi  | delay 5ms to server | FIN | the bytes to the server differ at offset 9: came 1 byte more, not kept, passed on nothing more (the test)",
            })
    void saysWhatRelayChanged(String came, String sent, String fault, Ending.How how, String expected) {
        RecordedBytes client = new RecordedBytes(1, 8).received(came);
        RecordedBytes upstream =
                client.upstream().note(RecordedEvent.Kind.FAULT, fault).sent(sent);
        if (how != null) {
            upstream.end(Ending.Side.CLIENT, how, "the test");
            client.end(Ending.Side.CLIENT, how, "the test");
        }
        List<String> changes = Transcript.changes(client.snapshot());
        assertThat(changes).isEqualTo(expected == null ? List.of() : List.of(expected));
    }

    @Test
    void saysWhatRelayChangedInBothDirections() {
        RecordedBytes client =
                new RecordedBytes(1, 8).received("abc").note(RecordedEvent.Kind.FAULT, "corrupt after 1");
        RecordedBytes upstream = client.upstream().sent("abC").received("xyz");
        client.sent("x\u0086\u0085");
        assertThat(Transcript.changes(client.snapshot()))
                .containsExactly(
                        "the bytes to the server differ at offset 2: came \"c\", passed on \"C\"",
                        "the bytes to the client differ at offset 1: came \"yz\", passed on \"\\x86\\x85\""
                                + " (corrupt after 1)");
        assertThat(upstream.snapshot().upstream()).isEmpty();
    }

    @Test
    void eachLegHasItsEnd() {
        RecordedBytes client = new RecordedBytes(1, 8);
        RecordedBytes upstream = client.upstream();
        assertThat(client.snapshot().transcript()).endsWith("(still open)\n");
        upstream.at(1_000_000).end(Ending.Side.SERVER, Ending.How.RST, "Connection reset");
        client.at(2_000_000).end(Ending.Side.SERVER, Ending.How.RST, "upstream 10.0.0.3:5432: Connection reset");
        assertThat(client.snapshot().transcript()).endsWith("""
                    1.000  lost upstream 10.0.0.3:5432: Connection reset
                    2.000  resetting 10.0.0.2:4000: upstream 10.0.0.3:5432: Connection reset
                """);
    }

    @Test
    void marksGapOfEachLeg() {
        RecordedBytes client = new RecordedBytes(1, 8);
        RecordedBytes upstream = client.upstream();
        for (int i = 0; i < 5_000; i++) {
            upstream.at(i).sent("x");
        }
        client.at(6_000).end(Ending.Side.CLIENT, Ending.How.RST, "gone");
        RecordedConnection connection = client.snapshot();
        for (String text : List.of(connection.transcript(), connection.timeline(), connection.hexDump())) {
            assertThat(text).containsOnlyOnce("(905 events more of the upstream, not kept)\n");
        }
        assertThat(Recordings.ladder(Recordings.page(List.of(connection), 0)))
                .containsOnlyOnce("missing | 905 more events of the upstream were not kept.");
    }

    @Test
    void comparisonFindsWhatRelayChanged() {
        RecordingComparison comparison = RecordingComparison.ofRelay(corrupted());
        assertThat(comparison.firstDifference())
                .contains(new RecordingComparison.Difference(Ending.Side.CLIENT, 0, "\"hello\"", "\"\\x97ello\""));
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(comparison::assertSame)
                .withMessage("the bytes to the server differ at offset 0: came \"hello\", passed on \"\\x97ello\""
                        + " (corrupt byte 1 to server)\n"
                        + comparison
                                .toString()
                                .replaceFirst("passed on; the bytes .*", "passed on; they differ, as above"));
        assertThat(comparison
                        .toString()
                        .lines()
                        .map(line -> line.replaceAll(" {2,}", "  ").strip()))
                .startsWith(
                        "bytes to the server: 5 came, 5 passed on; the bytes to the server differ at offset 0:"
                                + " came \"hello\", passed on \"\\x97ello\" (corrupt byte 1 to server)",
                        "bytes to the client: 7 came, 7 passed on; the same",
                        "ms  relay to client 10.0.0.2:4000  relay to server 10.0.0.3:5432",
                        "0.000  accepted  |",
                        "1.000  | connected",
                        "2.000  received 5 \"hello\"  |",
                        "2.100  | (corrupt byte 1 to server)",
                        "2.200  | sent 5 \"\\x97ello\"",
                        "3.000  | received 7 \"welcome\"",
                        "3.100  sent 7 \"welcome\"  |")
                .endsWith("5.000  | received FIN", "5.100  sent FIN  |");
    }

    @Test
    void comparisonNamesLegWhoseEventsAreNotKept() {
        RecordedBytes client = new RecordedBytes(1, 8);
        RecordedBytes upstream = client.upstream();
        for (int i = 0; i < 5_000; i++) {
            upstream.at(i).sent("x");
        }
        assertThat(RecordingComparison.ofRelay(client.snapshot()).toString())
                .endsWith("(905 events more of the relay to server, not kept)\n");
    }

    @Test
    void comparisonFindsChangeOfAnswer() {
        RecordedBytes client = new RecordedBytes(1, 8).received("abc");
        client.upstream().sent("abc").received("xyz");
        RecordedConnection connection = client.sent("xy").snapshot();
        assertThat(RecordingComparison.ofRelay(connection).firstDifference())
                .contains(new RecordingComparison.Difference(Ending.Side.SERVER, 2, "\"z\"", "nothing more"));
        RecordingComparison.ofRelay(client.sent("z").snapshot()).assertSame();
    }

    @Test
    void comparesEachPairOfRecordingsAlongTheWay() {
        RecordedConnection relay = corrupted();
        RecordedConnection upstream = relay.upstream().orElseThrow();
        RecordedConnection atClient = RecordedBytes.byClient(100, Duration.ofMillis(1))
                .sent("hello")
                .received("welcome")
                .snapshot();
        RecordedConnection atServer =
                new RecordedBytes(1, 100).received("\u0097ello").sent("welcome").snapshot();
        RecordingComparison.of(atClient, relay).assertSame();
        RecordingComparison.of(upstream, atServer).assertSame();
        for (RecordingComparison whole : List.of(
                RecordingComparison.of(atClient, atServer),
                RecordingComparison.of(atClient, upstream),
                RecordingComparison.of(relay, atServer))) {
            assertThat(whole.firstDifference().orElseThrow())
                    .hasToString("the bytes of the client differ at offset 0: expected \"hello\", seen \"\\x97ello\"");
        }
    }

    @Test
    void comparisonRefusesWhatIsNoRelay() {
        RecordedConnection relay = corrupted();
        RecordedConnection plain = new RecordedBytes(2, 10).snapshot();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecordingComparison.ofRelay(plain))
                .withMessage(plain + ": has no upstream; give a connection of a server that relays, after it has"
                        + " connected to its upstream");
        RecordedConnection upstream = relay.upstream().orElseThrow();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecordingComparison.ofRelay(upstream))
                .withMessage(
                        upstream + ": has no upstream; give a connection of a server that relays, not its upstream");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecordingComparison.of(plain, relay))
                .withMessageEndingWith("was made by the server; give the client's first, then the server's");
    }

    @Test
    void checksNameTheLeg() {
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> corrupted().upstream().orElseThrow().assertSent("hello".getBytes(ISO_8859_1)))
                .withMessageStartingWith(
                        "upstream of connection 1 should have sent exactly 5 bytes \"hello\", but sent");
    }
}
