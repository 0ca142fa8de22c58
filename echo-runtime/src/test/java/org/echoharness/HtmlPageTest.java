package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.echoharness.text.Escaping;
import org.echoharness.text.Utf8;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The page of a recording is well-formed and has no script or link, for any payload. */
class HtmlPageTest {

    /** The page as XML: the void elements closed, without the document type. Each error of form throws. */
    private static Document parsed(String page) throws Exception {
        String xml = page.replaceFirst("<!DOCTYPE html>\\n", "").replaceAll("<meta ([^>]*)>", "<meta $1/>");
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }

    private static Set<String> elements(Document page) {
        Set<String> names = new TreeSet<>();
        NodeList all = page.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            names.add(all.item(i).getNodeName());
        }
        return names;
    }

    static List<byte[]> hostile() {
        return TranscriptTest.hostile();
    }

    private static RecordedConnection hostileOne(byte[] payload) {
        byte[] small = java.util.Arrays.copyOf(payload, Math.min(payload.length, 300));
        return new RecordedBytes(1, 64 << 10)
                .received(payload)
                .sent(payload)
                .note(RecordedEvent.Kind.FAULT, Fault.greet(small).toString())
                .end(
                        Ending.Side.SERVER,
                        Ending.How.RST,
                        Escaping.escape(new String(small, StandardCharsets.ISO_8859_1)))
                .snapshot();
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void payloadCannotBreakPage(byte[] payload) throws Exception {
        RecordedConnection connection = hostileOne(payload);
        String page = Recordings.page(List.of(connection), 0);
        Document parsed = parsed(page);

        assertThat(page.codePoints()).allMatch(each -> each == '\n' || Utf8.isShown(each));
        assertThat(page).hasSizeLessThan(60_000);
        assertThat(elements(parsed))
                .isSubsetOf(
                        "body", "code", "h1", "h2", "head", "html", "meta", "p", "span", "style", "table", "tbody",
                        "td", "th", "thead", "title", "tr");
        assertThat(parsed.getElementsByTagName("code").getLength()).isEqualTo(2);
        assertThat(parsed.getElementsByTagName("code").item(1).getTextContent())
                .isEqualTo(Escaping.quote(java.nio.ByteBuffer.wrap(connection.sent())));
        assertThat(page).containsOnlyOnce("Content-Security-Policy");
        NodeList metas = parsed.getElementsByTagName("meta");
        assertThat(((Element) metas.item(1)).getAttribute("http-equiv")).isEqualTo("Content-Security-Policy");
        assertThat(((Element) metas.item(1)).getAttribute("content"))
                .isEqualTo("default-src 'none'; style-src 'unsafe-inline'");
        assertThat(page.toLowerCase(Locale.ROOT)).doesNotContain("<script", "<img", "<a ", "<link", "<iframe", "<!--");
        NodeList all = parsed.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            assertThat(all.item(i).getAttributes().getNamedItem("src")).isNull();
            assertThat(all.item(i).getAttributes().getNamedItem("href")).isNull();
            assertThat(all.item(i).getAttributes().getNamedItem("style")).isNull();
        }
    }

    @Test
    void pageLoadsNothing() {
        RecordedConnection all = new RecordedBytes(1, 10)
                .received("hello")
                .sent("hello")
                .note(RecordedEvent.Kind.FAULT, "close after 3")
                .note(RecordedEvent.Kind.CLIENT_FIN, "")
                .note(RecordedEvent.Kind.SERVER_FIN, "")
                .end(Ending.Side.CLIENT, Ending.How.RST, "Connection reset")
                .snapshot();
        assertThat(Recordings.page(
                        List.of(all, new RecordedBytes(0, 10).reject().snapshot()), 0))
                .doesNotContain("<script", "http:", "https:", "src=", "href=", "url(", "@import", "javascript:");
    }

    @Test
    void stepsAndMismatchesAreOnSideOfServer() throws Exception {
        NodeList rows = parsed(Recordings.page(List.of(Recordings.notMet()), 0)).getElementsByTagName("tr");
        assertThat(rows.item(3).getTextContent()).isEqualTo("1.000step 1 of 2: line \"PING\"");
        assertThat(styleOf(rows.item(3).getLastChild())).isEqualTo("note");
        assertThat(rows.item(5).getTextContent())
                .isEqualTo("1.000mismatch: step 2 of 2: expected line \"QUIT\", seen \"<Q>\\n\"");
        assertThat(styleOf(rows.item(5).getLastChild())).isEqualTo("rst");
    }

    private static String styleOf(Node cell) {
        return cell.getAttributes().getNamedItem("class").getTextContent();
    }

    @Test
    void eachEventHasRowWithSideAndTime() throws Exception {
        RecordedConnection connection = new RecordedBytes(4, 3)
                .at(1_234_567)
                .received("a<b>c")
                .sent("&")
                .end(Ending.Side.SERVER, Ending.How.RST, "reset after 1")
                .snapshot();
        Document page = parsed(Recordings.page(List.of(connection), 0));
        NodeList rows = page.getElementsByTagName("tr");
        assertThat(rows.item(0).getTextContent()).isEqualTo("msclient 10.0.0.2:4000server 10.0.0.1:7");
        assertThat(rows.item(1).getTextContent()).isEqualTo("0.000connects");
        assertThat(rows.item(2).getTextContent()).isEqualTo("1.2345 bytes \"a<b\" (3 of them kept)");
        assertThat(rows.item(2).getLastChild().getTextContent()).isEmpty(); // the server's side
        assertThat(rows.item(3).getTextContent()).isEqualTo("1.2341 byte \"&\"");
        assertThat(rows.item(3).getLastChild().getTextContent()).isNotEmpty();
        assertThat(rows.item(4).getTextContent()).isEqualTo("1.234RST: reset after 1");
        assertThat(rows.getLength()).isEqualTo(5);
        assertThat(page.getElementsByTagName("p").item(0).getTextContent())
                .isEqualTo("5 bytes received, 1 byte sent; accepted 2026-01-02T03:04:05.006007008Z;"
                        + " ended by SERVER RST (reset after 1).");
        assertThat(page.getElementsByTagName("h2").item(0).getTextContent()).isEqualTo("Connection 4");
    }

    /** ChromiumIT checks what a browser shows. */
    @Test
    void keepsSpacesAndBreaksNoEscape() throws Exception {
        RecordedConnection connection = new RecordedBytes(1, 100)
                .received("message.  It\0\"&")
                .note(RecordedEvent.Kind.FAULT, Fault.greet("a  b\r\n<").toString())
                .snapshot();
        String page = Recordings.page(List.of(connection), 0);
        assertThat(page)
                .contains("td, p, code { white-space: pre-wrap; }", ".e { display: inline-block; }")
                .containsPattern(
                        "code \\{ .* white-space: break-spaces; \\}") // otherwise spaces at the end of a line vanish
                .contains("<code>&quot;message.  It<span class=\"e\">\\x00</span><span class=\"e\">\\&quot;</span>&amp;"
                        + "&quot;</code>")
                .contains("fault: greet &quot;a  b<span class=\"e\">\\r</span><span class=\"e\">\\n</span>&lt;&quot;");
        assertThat(parsed(page).getElementsByTagName("code").item(0).getTextContent())
                .isEqualTo("\"message.  It\\x00\\\"&\"");
    }

    @Test
    void marksEachChunkNotKept() throws Exception {
        RecordedConnection connection = new RecordedBytes(1, 65_536)
                .sent(new byte[65_536])
                .sent(new byte[65_536])
                .sent(new byte[1])
                .snapshot();
        NodeList rows = parsed(Recordings.page(List.of(connection), 0)).getElementsByTagName("tr");
        assertThat(rows.item(3).getTextContent()).isEqualTo("0.00065536 bytes (not kept)");
        assertThat(rows.item(4).getTextContent()).isEqualTo("0.0001 byte (not kept)");
    }

    @Test
    void reportsWhatIsNotKept() throws Exception {
        RecordedBytes taped = new RecordedBytes(1, 1);
        for (int i = 0; i < 5_000; i++) {
            taped.sent("x");
        }
        String page = Recordings.page(List.of(taped.snapshot()), 7);
        parsed(page);
        assertThat(page)
                .contains(
                        "still open.",
                        "<td class=\"note\" colspan=\"2\">905 more events were not kept.</td>",
                        "<p class=\"note\">7 connections were not kept.</p>",
                        "1 byte <span class=\"note\">(not kept)</span>");
        assertThat(parsed(Recordings.page(List.of(), 0))
                        .getElementsByTagName("p")
                        .item(0)
                        .getTextContent())
                .isEqualTo("No connection came.");
    }

    @Test
    void createsNewFileAndFollowsNoLink(@TempDir Path folder) throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            Path file = folder.resolve("page.html");
            server.recording().writeHtml(file);
            String page = Files.readString(file);
            assertThat(page).isEqualTo(Recordings.page(List.of(), 0));
            assertThatThrownBy(() -> server.recording().writeHtml(file)).isInstanceOf(FileAlreadyExistsException.class);
            assertThat(Files.readString(file)).isEqualTo(page);

            Path target = folder.resolve("target");
            Path link = Files.createSymbolicLink(folder.resolve("link"), target);
            assertThatThrownBy(() -> server.recording().writeHtml(link)).isInstanceOf(FileAlreadyExistsException.class);
            assertThat(target).doesNotExist();
        }
    }
}
