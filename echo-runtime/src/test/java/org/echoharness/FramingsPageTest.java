package org.echoharness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Map;
import org.echoharness.script.FrameLength;
import org.echoharness.script.Framing;
import org.echoharness.script.Framings;
import org.echoharness.support.PageTables;
import org.junit.jupiter.api.Test;

/** The table of framings on the page HANDLERS. */
class FramingsPageTest {

    /**
     * A framing, what a client sends, the message in it and the bytes of that message as an answer. The last two stand for
     * the cells of the row.
     */
    record Row(Framing<?> framing, String sent, String message, String answer) {}

    private static final Charset charset = ISO_8859_1; // named as on the page
    private static final String end = ";";

    private static final Map<String, Row> ROWS = Map.of(
            "Framings.lines()", new Row(Framings.lines(), "PING\nmore", "PING", "PING\r\n"),
            "Framings.lines(charset, end)",
                    new Row(Framings.lines(charset, end), "\u00e9\r\nmore", "\u00e9", "\u00e9;"),
            "Framings.delimiter(\"\\0\")", new Row(Framings.delimiter("\0"), "PING\0more", "PING", "PING\0"),
            "Framings.fixed(16)",
                    new Row(Framings.fixed(16), "0123456789abcdefmore", "0123456789abcdef", "0123456789abcdef"),
            "Framings.frame(FrameLength.U32)",
                    new Row(Framings.frame(FrameLength.U32), "\0\0\0\4PINGmore", "PING", "\0\0\0\4PING"));

    @Test
    void framingsCutAndWriteAsPageSays() throws IOException {
        PageTables page = PageTables.of(Path.of("HANDLERS.md"));

        assertThat(page.column("framing", 0).stream()
                        .map(cell -> PageTables.codesIn(cell).get(0)))
                .containsExactlyInAnyOrderElementsOf(ROWS.keySet());
        ROWS.forEach((java, row) -> assertCuts(row.framing(), row));
        assertThatThrownBy(() -> Framings.fixed(16).write(new byte[15])).isInstanceOf(IllegalArgumentException.class);
    }

    private static <M> void assertCuts(Framing<M> framing, Row row) {
        ByteBuffer bytes = ByteBuffer.wrap(row.sent().getBytes(ISO_8859_1));
        M message = framing.read(bytes);

        assertThat(message instanceof byte[] body ? new String(body, ISO_8859_1) : message)
                .isEqualTo(row.message());
        assertThat(ISO_8859_1.decode(bytes).toString()).isEqualTo("more");
        assertThat(new String(framing.write(message), ISO_8859_1)).isEqualTo(row.answer());
    }
}
