package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServerHelloScannerTest {

    private static final String RETRY = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";
    private static final String RANDOM = "00".repeat(32);
    private static final String CHANGE = "140303000101"; // a record of change_cipher_spec

    private static String record(String type, String body) {
        return type + "0303" + String.format("%04x", body.length() / 2) + body;
    }

    private static String message(String type, String body) {
        return type + String.format("%06x", body.length() / 2) + body;
    }

    private static String hello(String random) {
        return message("02", "0303" + random + "00130100");
    }

    /** The parts that the scanner returns if it gets pieces of this size; the last part is after a bar. */
    private static String scanned(String records, int piece) {
        byte[] bytes = HexFormat.of().parseHex(records);
        ServerHelloScanner scanner = new ServerHelloScanner();
        List<String> parts = new ArrayList<>();
        for (int from = 0; from < bytes.length && !scanner.isFound(); from += piece) {
            ByteBuffer some = ByteBuffer.wrap(bytes, from, Math.min(piece, bytes.length - from));
            while (!scanner.isFound() && scanner.take(some)) {
                parts.add(HexFormat.of().formatHex(scanner.next().array()));
            }
            if (scanner.isFound()) {
                ByteArrayOutputStream left = new ByteArrayOutputStream();
                left.write(bytes, some.position(), bytes.length - some.position());
                parts.add("|" + HexFormat.of().formatHex(scanner.rest().array()));
                parts.add("|" + HexFormat.of().formatHex(left.toByteArray()));
            }
        }
        return String.join(" ", parts);
    }

    private static void assertScanned(String records, String expected) {
        for (int piece = 1; piece <= records.length() / 2; piece++) {
            assertThat(scanned(records, piece)).as("in pieces of %s", piece).isEqualTo(expected);
        }
    }

    @Test
    void helloInRecordOfItsOwnStays() {
        String hello = record("16", hello(RANDOM));
        assertScanned(hello + CHANGE, hello + " | |" + CHANGE);
    }

    @Test
    void helloBeforeOtherMessagesGetsRecord() {
        String certificate = message("0b", "112233");
        assertScanned(
                record("16", hello(RANDOM) + certificate) + CHANGE,
                record("16", hello(RANDOM)) + " |" + record("16", certificate) + " |" + CHANGE);
    }

    @Test
    void helloRetryRequestIsNone() {
        String retry = record("16", hello(RETRY));
        String hello = record("16", hello(RANDOM));
        assertScanned(retry + CHANGE + hello, retry + " " + CHANGE + " " + hello + " | |");
    }

    @Test
    void alertIsNone() {
        String alert = record("15", "0228");
        assertScanned(alert, alert);
    }

    @Test
    void helloThatGoesOnInNextRecordsEndsWithItsLast() {
        String hello = hello(RANDOM);
        String certificate = message("0b", "112233");
        String first = record("16", hello.substring(0, 6));
        String second = record("16", hello.substring(6, 60));
        assertScanned(
                first + second + record("16", hello.substring(60) + certificate) + CHANGE,
                first + " " + second + " " + record("16", hello.substring(60)) + " |" + record("16", certificate) + " |"
                        + CHANGE);
    }

    @Test
    void helloRetryRequestThatGoesOnInNextRecordIsNone() {
        String retry = hello(RETRY);
        String first = record("16", retry.substring(0, 20));
        String second = record("16", retry.substring(20));
        String hello = record("16", hello(RANDOM));
        assertScanned(first + second + hello, first + " " + second + " " + hello + " | |");
    }
}
