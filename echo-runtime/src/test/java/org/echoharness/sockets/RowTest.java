package org.echoharness.sockets;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The text of the system's list of sockets, cut anywhere. */
class RowTest {

    private static final String HEAD =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    private static final String FOUR =
            "%4d: 0100007F:%04X 0200007F:A1B2 08 0000002A:00000001 00:00000000 00000000     0        0 %d 1 0000 100\n";

    private static final String SIX =
            "%4d: 0000000000000000FFFF00000100007F:%04X 0000000000000000FFFF00000200007F:A1B2 01"
                    + " FFFFFFFF:00000000 01:00000014 00000000  1000        0 %d 1 0000 100\n";

    private static InputStream inPieces(String text, int most) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)) {
            @Override
            public synchronized int read(byte[] into, int from, int count) {
                return super.read(into, from, Math.min(count, most));
            }
        };
    }

    private static List<String> rows(InputStream in) throws IOException {
        List<String> rows = new ArrayList<>();
        SocketTable.read(in, new SocketTable.Row(), row -> {
            rows.add(row.name().substring(row.name().length() - 4)
                    + ' '
                    + row.remotePort()
                    + ' '
                    + row.state()
                    + ' '
                    + row.unacknowledged()
                    + ' '
                    + row.inode()
                    + ' '
                    + row.name()
                            .substring(row.name().indexOf(' ') - 4, row.name().indexOf(' ')));
            return true;
        });
        return rows;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 150, 4_096, 1_000_000})
    void readsLinesCutAnywhere(int most) throws IOException {
        StringBuilder text = new StringBuilder(HEAD);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            boolean isFour = i % 2 == 0;
            text.append(String.format(isFour ? FOUR : SIX, i, i, 1_000 + i));
            expected.add(String.format("A1B2 41394 %s %d %04X", isFour ? "8 42" : "1 4294967295", 1_000 + i, i));
        }
        assertThat(rows(inPieces(text.toString(), most))).isEqualTo(expected);
    }

    @Test
    void skipsMalformedLine() throws IOException {
        String text =
                HEAD + "\n:\n" + String.format(FOUR, 1, 1, 7) + "  9: 0100007F:0001\n" + String.format(FOUR, 2, 2, 8);
        assertThat(rows(inPieces(text, 9))).hasSize(2);
    }

    @Test
    void stopsAtWantedRow() throws IOException {
        String text = HEAD + String.format(FOUR, 1, 1, 7) + String.format(FOUR, 2, 2, 8);
        List<String> inodes = new ArrayList<>();
        assertThat(SocketTable.read(inPieces(text, 10), new SocketTable.Row(), row -> {
                    inodes.add(row.inode());
                    return false;
                }))
                .isFalse();
        assertThat(inodes).containsExactly("7");
    }
}
