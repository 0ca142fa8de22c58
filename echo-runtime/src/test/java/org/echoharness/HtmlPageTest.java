package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.echoharness.page.PageResources;
import org.echoharness.support.PlainSockets;
import org.echoharness.text.Escaping;
import org.echoharness.text.Utf8;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The page of a recording is well-formed and has only its own script and style, for any payload. */
class HtmlPageTest {

    private static final Path RESOURCES = Path.of("src/main/resources/org/echoharness/page");

    /** The page as XML: the void elements closed, without the document type. Each error of form throws. */
    private static Document parsed(String page) throws Exception {
        String xml =
                withoutScript(page).replaceFirst("<!DOCTYPE html>\\n", "").replaceAll("<meta ([^>]*)>", "<meta $1/>");
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }

    /** The page without its own script, exactly as the resource has it. */
    private static String withoutScript(String page) {
        String script = "<script>" + PageResources.script() + "</script>";
        assertThat(page).containsOnlyOnce(script);
        return page.replace(script, "");
    }

    /** The text of all elements of a class, in their order. */
    private static List<String> texts(Document page, String element, String style) {
        return all(page, element).stream()
                .filter(each -> List.of(each.getAttribute("class").split(" ")).contains(style))
                .map(Node::getTextContent)
                .toList();
    }

    private static List<Element> all(Document page, String element) {
        NodeList found = page.getElementsByTagName(element);
        return IntStream.range(0, found.getLength())
                .mapToObj(i -> (Element) found.item(i))
                .toList();
    }

    /** The rows of the ladder, each as its classes and its text. */
    private static List<String> rows(Document page) {
        return all(page, "li").stream()
                .filter(row -> row.getParentNode() instanceof Element list
                        && list.getTagName().equals("ol"))
                .map(row -> row.getAttribute("class") + " | " + row.getTextContent())
                .toList();
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
        assertThat(page.length() - Recordings.page(List.of(), 0).length()).isLessThan(60_000);
        assertThat(elements(parsed))
                .isSubsetOf(
                        "b", "body", "dd", "defs", "details", "div", "dl", "dt", "g", "h1", "h2", "head", "header",
                        "html", "i", "li", "line", "main", "meta", "ol", "p", "path", "pre", "rect", "span", "style",
                        "summary", "svg", "text", "title", "ul", "use", "wbr");
        String lowerCase = withoutScript(page).toLowerCase(Locale.ROOT);
        assertThat(lowerCase).doesNotContain("<script", "<img", "<a ", "<link", "<iframe", "<!--");
        for (Element each : all(parsed, "*")) {
            assertThat(each.hasAttribute("src")).isFalse();
            assertThat(each.hasAttribute("style")).isFalse();
            assertThat(each.getAttribute("href")).matches("|#[a-z]+"); // a shape of this page
            NamedNodeMap attributes = each.getAttributes();
            for (int i = 0; i < attributes.getLength(); i++) {
                assertThat(attributes.item(i).getNodeName()).doesNotStartWith("on");
            }
        }
    }

    /** The hashes are computed here from the elements of the page, as a browser computes them. */
    @Test
    void policyAllowsOnlyStyleAndScriptOfPage() throws Exception {
        String page = Recordings.page(List.of(Recordings.notMet()), 0);
        String style = page.substring(page.indexOf("<style>") + 7, page.indexOf("</style>"));
        String script = page.substring(page.indexOf("<script>") + 8, page.indexOf("</script>"));

        assertThat(page).containsOnlyOnce("Content-Security-Policy");
        Element policy = all(parsed(page), "meta").get(1);
        assertThat(policy.getAttribute("http-equiv")).isEqualTo("Content-Security-Policy");
        assertThat(policy.getAttribute("content"))
                .isEqualTo("default-src 'none'; style-src '" + sha256(style) + "'; script-src '" + sha256(script)
                        + "'; base-uri 'none'; form-action 'none'");
        assertThat(style).isEqualTo(Files.readString(RESOURCES.resolve("page.css")));
        assertThat(script).isEqualTo(Files.readString(RESOURCES.resolve("page.js")));
    }

    private static String sha256(String text) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return "sha256-" + Base64.getEncoder().encodeToString(digest);
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
                .doesNotContain("http:", "https:", "src=", "url(", "@import", "javascript:", "eval(", "innerHTML");
    }

    @Test
    void stepsAndMismatchesAreOnSideOfServer() throws Exception {
        assertThat(rows(parsed(Recordings.page(List.of(Recordings.notMet()), 0))))
                .contains(
                        "step p1 | 1.000step 1 of 2: line \"PING\"",
                        "mismatch p1 | 1.000mismatch: step 2 of 2: expected line \"QUIT\", seen \"<Q>\\n\"");
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
        assertThat(rows(page))
                .containsExactly(
                        "connect g01 up | 0.000client to server: connects",
                        "bytes g01 up | 1.234client to server: 5 bytes (3 of them kept)a<b",
                        "bytes g10 dn | 1.234server to client: 1 byte&",
                        "rst g10 dn | 1.234server to client: RST: reset after 1");
        assertThat(texts(page, "div", "ends")).containsExactly("msclient 10.0.0.2:4000server 10.0.0.1:7");
        assertThat(texts(page, "div", "k").get(0))
                .startsWith("\n5 bytes received, 1 byte sent; accepted 2026-01-02T03:04:05.006Z;"
                        + " ended by SERVER RST (reset after 1).\n");
        assertThat(all(page, "summary").get(0).getTextContent())
                .isEqualTo("Connection 4 10.0.0.2:4000 5 bytes to the server, 1 byte to the client,"
                        + " RST by server reset after 1");
    }

    /** ChromiumIT checks what a browser shows. */
    @Test
    void keepsSpacesAndBreaksNoEscape() throws Exception {
        RecordedConnection connection = new RecordedBytes(1, 100)
                .received("message.  It\0\"&\r\n  next\\")
                .note(RecordedEvent.Kind.FAULT, Fault.greet("a  b\r\n<").toString())
                .snapshot();
        String page = Recordings.page(List.of(connection), 0);
        assertThat(page)
                .contains("i { font-style: normal; color: var(--esc); white-space: nowrap; }")
                .containsPattern("bytes pre \\{ .* white-space: break-spaces;") // otherwise spaces at line ends vanish
                .contains("<pre class=\"b\" data-o=\"0\">message.  It<i>\\x00</i>&quot;&amp;<i>\\r<wbr/>\\n</i>\n"
                        + "  next<i>\\\\</i></pre>")
                .contains("fault: greet &quot;a  b<i>\\r<wbr/>\\n</i>&lt;&quot;");
        assertThat(texts(parsed(page), "pre", "b")).containsExactly("message.  It\\x00\"&\\r\\n\n  next\\\\");
    }

    @Test
    void showsBinaryAsHexWithOffsetsAndFoldsLongPayload() throws Exception {
        byte[] binary = PlainSockets.random(5_000, 1);
        RecordedConnection connection = new RecordedBytes(1, 65_536)
                .received("hello")
                .received(binary)
                .received("line\n".repeat(40))
                .snapshot();
        Document page = parsed(Recordings.page(List.of(connection), 0));
        List<Element> parts = all(page, "pre");
        assertThat(parts)
                .extracting(part -> part.getAttribute("data-o"))
                .containsExactly("0", "5", "133", "5005", "5065");
        assertThat(parts).extracting(part -> part.getAttribute("class")).containsExactly("b", "b x", "b x", "b", "b");
        assertThat(parts.get(1).getTextContent()).startsWith("00000005  %02x %02x ".formatted(binary[0], binary[1]));
        assertThat(all(page, "summary")).extracting(Node::getTextContent).contains("3968 bytes more", "140 bytes more");
        assertThat(texts(page, "p", "dim"))
                .contains("The first 4096 bytes are shown. The pcapng file has all 5000 that are kept.");
    }

    @Test
    void marksGapsInTime() throws Exception {
        RecordedConnection connection = new RecordedBytes(1, 100)
                .at(5_000_000)
                .received("a")
                .at(205_000_000)
                .received("b")
                .at(209_000_000)
                .received("c")
                .snapshot();
        assertThat(rows(parsed(Recordings.page(List.of(connection), 0))))
                .filteredOn(row -> row.contains("later"))
                .containsExactly("gap | 200 ms later");
    }

    @Test
    void statesOnceForEachDirectionWhatIsNotKept() throws Exception {
        RecordedConnection connection = new RecordedBytes(1, 65_536)
                .received("x")
                .sent(new byte[65_536])
                .sent(new byte[65_536])
                .sent(new byte[1])
                .snapshot();
        Document page = parsed(Recordings.page(List.of(connection), 0));
        assertThat(texts(page, "p", "cut"))
                .containsExactly(
                        "Of the 131073 bytes to the client, the first 65536 are kept; raise recording to keep more.");
        assertThat(rows(page))
                .endsWith(
                        "bytes g10 dn | 0.000server to client: 65536 bytes",
                        "bytes g10 dn | 0.000server to client: 1 byte",
                        "missing | still open");
    }

    @Test
    void reportsWhatIsNotKept() throws Exception {
        RecordedBytes taped = new RecordedBytes(1, 1);
        for (int i = 0; i < 5_000; i++) {
            taped.sent("x");
        }
        Document page = parsed(Recordings.page(List.of(taped.snapshot()), 7));
        assertThat(page.getDocumentElement().getTextContent()).contains("still open.");
        assertThat(rows(page)).contains("missing | 905 more events were not kept.");
        assertThat(texts(page, "p", "note")).containsExactly("7 connections were not kept.");
        assertThat(texts(parsed(Recordings.page(List.of(), 0)), "p", "note")).containsExactly("No connection came.");
    }

    @Test
    void headSaysWhatWasRecorded() throws Exception {
        try (EchoServer server =
                EchoServer.builder().recording().faults("reset after 4").start()) {
            server.recording().title("LoginTest.<b>\n");
            try (EchoClient client = EchoClient.connect(server.address())) {
                client.send(new byte[8]);
                server.recording().awaitConnections(1).get(0).awaitEnd();
            }
            StringBuilder page = new StringBuilder();
            server.recording().writePage(page);
            Document parsed = parsed(page.toString());
            assertThat(all(parsed, "h1").get(0).getTextContent()).isEqualTo("LoginTest.<b>\\n");
            assertThat(all(parsed, "dt"))
                    .extracting(Node::getTextContent)
                    .containsExactly("Server", "Plan", "Took effect", "When", "Connections", "Ended");
            assertThat(all(parsed, "dd"))
                    .extracting(Node::getTextContent)
                    .contains("127.0.0.1:" + server.port(), "reset after 4", "1", "1 RST by server");
        }
    }

    /** The limit of a page is kept because no page has a connection in more bytes than were counted for it. */
    @Test
    void sizeIsAtLeastThatInAnyPage() throws Exception {
        List<RecordedConnection> connections = new ArrayList<>();
        long counted = 0;
        for (int number = 1; number <= 8; number++) {
            RecordedBytes taped = new RecordedBytes(number, 1_000);
            for (int i = 0; i < 1_000; i++) {
                taped.at(i * 1_000L * number * number).received("x").sent("y");
            }
            taped.note(RecordedEvent.Kind.FAULT, "reset").end(Ending.Side.SERVER, Ending.How.RST, "reset");
            connections.add(taped.snapshot());
            counted += HtmlPage.size(connections.get(number - 1));
        }
        String page = Recordings.page(connections, 0);
        int from = page.indexOf("<div id=\"all\">");
        assertThat((long) page.indexOf("</main>") - from).isLessThan(counted).isGreaterThan(counted * 9 / 10);
    }

    @Test
    void createsNewFileAndFollowsNoLink(@TempDir Path folder) throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            Path file = folder.resolve("page.html");
            server.recording().writeHtml(file);
            String page = Files.readString(file);
            assertThat(page).contains("No connection came.").endsWith("</html>\n");
            assertThatThrownBy(() -> server.recording().writeHtml(file)).isInstanceOf(FileAlreadyExistsException.class);
            assertThat(Files.readString(file)).isEqualTo(page);

            Path target = folder.resolve("target");
            Path link = Files.createSymbolicLink(folder.resolve("link"), target);
            assertThatThrownBy(() -> server.recording().writeHtml(link)).isInstanceOf(FileAlreadyExistsException.class);
            assertThat(target).doesNotExist();
        }
    }
}
