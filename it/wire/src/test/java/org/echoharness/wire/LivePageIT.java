package org.echoharness.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLSocket;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Script;
import org.echoharness.script.ConnectionHandler;
import org.echoharness.support.ForkedProcess;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A person follows a server on the live page in a browser, which all tests share, and controls it. */
@Timeout(value = 700, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LivePageIT {

    private static final String ATTACK = "</script><img src=x onerror=\"document.title = 'stolen'\">";
    private static final String STATUS = "document.querySelector('output').textContent";
    private static final String SAID = "document.getElementById('said').textContent";

    @TempDir
    private static Path folder;

    private static BrowserPage browser;

    private EchoServer server;

    @BeforeAll
    static void startBrowser() throws IOException, InterruptedException {
        Program chromium = Program.chromiumOrSkip();
        browser = new BrowserPage(chromium, folder, 1280, 900);
    }

    @AfterAll
    static void closeBrowser() {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void start() throws IOException {
        start(EchoServer.builder());
    }

    private void start(EchoServer.Builder builder) throws IOException {
        if (server != null) {
            server.close();
        }
        server = builder.control("127.0.0.1:0").start();
    }

    /** The browser complains about each refused request; about nothing else. */
    @AfterEach
    void closeServer() throws InterruptedException {
        browser.open("about:blank");
        server.close();
        assertThat(browser.takeComplaints())
                .filteredOn(each -> !each.contains("the server responded with a status of 4"))
                .isEmpty();
    }

    private void openPage() throws InterruptedException {
        browser.open(server.controlUri().orElseThrow()
                + "#token="
                + server.controlToken().orElseThrow());
        browser.await("document.getElementById('link').className === 'on'");
    }

    private static String row(int number) {
        return "document.getElementById('c" + number + "')";
    }

    private EchoClient client(String text) throws IOException {
        EchoClient client = EchoClient.connect(server.address());
        client.expectEcho(text.getBytes(StandardCharsets.UTF_8));
        return client;
    }

    @Test
    void tokenLeavesAddressAndSurvivesReload() throws Exception {
        openPage();
        assertThat(browser.value("location.href"))
                .isEqualTo(server.controlUri().orElseThrow().toString());
        assertThat(browser.value("history.length > 0 && document.body.innerText.includes('"
                        + server.controlToken().orElseThrow() + "')"))
                .isEqualTo("false");
        browser.open(server.controlUri().orElseThrow().toString());
        browser.await("document.getElementById('link').className === 'on'");
    }

    @Test
    void asksForTokenThatIsMissingOrWrong() throws Exception {
        browser.open(server.controlUri().orElseThrow().toString());
        String why = "document.getElementById('token-why').textContent";
        browser.await(why + ".startsWith('The page needs the token')");
        assertThat(browser.value("document.activeElement.getAttribute('aria-describedby')"))
                .isEqualTo("token-why");
        browser.type("0123");
        browser.press("Enter");
        browser.await(why + ".startsWith('The token is not that')");
        browser.type(server.controlUri().orElseThrow()
                + "#token="
                + server.controlToken().orElseThrow());
        browser.press("Enter");
        browser.await("document.getElementById('link').className === 'on'");
        assertThat(browser.value("document.getElementById('token-form').checkVisibility()"))
                .isEqualTo("false");
    }

    @Test
    void eventsAppearWithoutMovingWhatIsRead() throws Exception {
        openPage();
        try (EchoClient first = client("first line\n")) {
            browser.await(row(1) + " && " + row(1) + ".dataset.e === 'open'");
            browser.click("#c1 summary");
            browser.await("document.querySelectorAll('#c1 pre').length === 2");
            browser.choose("#f-bytes", "hex");
            browser.value("getSelection().selectAllChildren(document.querySelector('#c1 pre'))");
            String selected = browser.value("getSelection().toString()");
            String place = "document.querySelector('#c1 pre').getBoundingClientRect().top";
            String before = browser.value(place);

            first.expectEcho("second line\n".getBytes(StandardCharsets.UTF_8));
            client("third line").close();
            browser.await("document.querySelectorAll('#c1 pre').length === 4");
            browser.await(row(2) + " && " + row(2) + ".checkVisibility()");

            assertThat(browser.value("Array.from(document.querySelectorAll('#c1 pre'), e => e.textContent.slice(0, 22))"
                            + ".join('|')"))
                    .isEqualTo("00000000  66 69 72 73 |00000000  66 69 72 73 |0000000b  73 65 63 6f"
                            + " |0000000b  73 65 63 6f ");
            assertThat(browser.value("getSelection().toString()"))
                    .isEqualTo(selected)
                    .isNotEmpty();
            assertThat(browser.value(place)).isEqualTo(before);

            browser.click("#f-text");
            browser.type("second");
            client("second is found").close();
            browser.await(STATUS + " === '2 of 3 connections'");
            assertThat(browser.value("document.activeElement.id + ' ' + document.activeElement.value"))
                    .isEqualTo("f-text second");
        }
        browser.await(row(1) + ".dataset.e === 'fin'");
        browser.await(
                "!document.querySelector('#c1 .act') && document.querySelector('#c1 .k').innerText.includes('FIN')");
    }

    @Test
    void planIsAppliedAndWrongOneExplained() throws Exception {
        openPage();
        browser.await("document.getElementById('plan').value === 'none'");
        browser.value("document.getElementById('plan').select(), document.getElementById('plan').focus()");
        browser.type("rest after 4");
        browser.press("Enter");
        browser.await("document.getElementById('plan-error').textContent.includes('did you mean reset?')");
        assertThat(browser.value("document.getElementById('plan').getAttribute('aria-describedby') + ' '"
                        + " + document.getElementById('plan').getAttribute('aria-invalid') + ' '"
                        + " + document.activeElement.id"))
                .isEqualTo("plan-error true plan");

        try (Socket open = PlainSockets.connect(server.address())) {
            server.recording().awaitConnections(1);
            browser.value("document.getElementById('plan').select()");
            browser.type("reset after 4");
            browser.click("#plan-open");
            browser.click("#plan-apply");
            browser.await(SAID + ".startsWith('The plan is in force for all connections: reset after 4')");
            browser.await("document.getElementById('facts').innerText.includes('reset after 4')");
            assertThat(browser.value("document.getElementById('plan-error').checkVisibility()"))
                    .isEqualTo("false");
            open.getOutputStream().write("12345678".getBytes(StandardCharsets.UTF_8));
            try {
                open.getInputStream().readAllBytes();
            } catch (SocketException reset) {
                assertThat(reset).hasMessageContaining("reset");
            }
        }
        browser.await(
                row(1) + " && " + row(1) + ".dataset.e === 'rst' && " + row(1) + ".querySelector('use[href=\"#rs\"]')");
        assertThat(browser.value(row(1) + ".querySelector('.y').textContent")).contains("RST by server");
        browser.choose("#f-end", "rst");
        assertThat(browser.value(STATUS)).isEqualTo("1 connection");
    }

    @Test
    void buttonsControlServerAndConnections() throws Exception {
        openPage();
        EchoClient open = client("x");
        for (String[] each : new String[][] {
            {"refuse", "refuses connects"},
            {"resume", "accepts connects"},
            {"freeze", "neither reads nor sends"},
            {"unfreeze", "reads and sends again"}
        }) {
            browser.click("[data-do=" + each[0] + "]");
            browser.await(SAID + ".includes('" + each[1] + "')");
        }
        browser.await("document.getElementById('log-fold').innerText.includes('(4)')");
        browser.click("#catch-up");
        browser.await(SAID + ".includes('has read and answered all that has come')");
        browser.click("#refuse-for");
        browser.await(SAID + ".includes('refuses connects for 1s')");
        browser.click("#note");
        browser.type(ATTACK);
        browser.press("Enter");
        browser.await(SAID + ".includes('note is in the recording')");
        browser.click("#c1 summary");
        browser.await("document.querySelector('#c1 .act')");
        browser.click("#c1 .act button");
        browser.await(row(1) + ".dataset.e === 'rst'");
        browser.await("document.querySelector('#c1 .rst')");
        assertThat(browser.value("document.querySelector('#c1 .note').textContent"))
                .contains("note: " + ATTACK.replace("\"", "\\\""));
        browser.click("#restart-time");
        browser.value("document.getElementById('restart-time').value = 'soon'");
        browser.press("Enter");
        browser.await("document.getElementById('said-error').textContent.includes('time (soon) must be a duration')");
        browser.click("#forget");
        browser.await("!" + row(1) + " && " + SAID + ".includes('1 connection was forgotten.')");
        assertThat(server.recording().total()).isEqualTo(1);
        open.close();
    }

    @Test
    void bytesAreSentWhereServerHasScript() throws Exception {
        start(EchoServer.builder().warnings(warning -> {}).script(Script.parse("expect \"HELO\", close")));
        openPage();
        try (Socket client = PlainSockets.connect(server.address())) {
            browser.await(row(1));
            browser.click("#c1 summary");
            browser.await("document.querySelector('#c1 .act input')");
            browser.click("#c1 .act input");
            browser.type("hi\\r\\n\\xff\u00fc");
            browser.press("Enter");
            assertThat(client.getInputStream().readNBytes(7))
                    .isEqualTo(new byte[] {'h', 'i', '\r', '\n', (byte) 0xFF, (byte) 0xC3, (byte) 0xBC});
            browser.value("document.querySelector('#c1 [aria-label=\"Half-close connection 1\"]').click()");
            browser.await(SAID + ".includes('ended its output on connection 1')");
            assertThat(client.getInputStream().read()).isEqualTo(-1);
            client.getOutputStream().write(ATTACK.getBytes(StandardCharsets.UTF_8));
            browser.await("document.getElementById('problems-fold').innerText.includes('img')");
        }
        browser.await(row(1) + ".dataset.e.includes('mismatch')");
        assertThat(browser.value("document.querySelectorAll('img').length + ' ' + document.title"))
                .isEqualTo("0 default: script");
    }

    @Test
    void tlsStartsWhereConnectionsBeginInClearText() throws Exception {
        start(EchoServer.builder()
                .tls("self-signed")
                .handler(ConnectionHandler::silent)
                .handlerStartsTls());
        openPage();
        try (Socket clear = PlainSockets.connect(server.address())) {
            browser.await(row(1));
            browser.click("#c1 summary");
            browser.await("document.querySelector('#c1 [aria-label=\"Start TLS connection 1\"]')");
            browser.value("document.querySelector('#c1 [aria-label=\"Start TLS connection 1\"]').click()");
            browser.await(SAID + ".includes('Connection 1 goes on with TLS')");
            try (SSLSocket socket = (SSLSocket)
                    server.sslContext().getSocketFactory().createSocket(clear, "localhost", server.port(), true)) {
                socket.startHandshake();
                browser.await("document.querySelector('#c1').textContent.includes('handshake: TLSv1.3 TLS_')");
            }
        }
    }

    @Test
    void downloadsRecording() throws Exception {
        client("to be kept").close();
        server.recording().awaitConnections(1).get(0).awaitEnd();
        Path downloads = Files.createDirectories(folder.resolve("downloads"));
        browser.downloadTo(downloads);
        openPage();
        for (String kind : List.of("txt", "script", "html", "pcapng")) {
            browser.click("[data-file=" + kind + "]");
            Path file = downloads.resolve("default." + kind);
            browser.awaitDownload();
            assertThat(Files.size(file)).isPositive();
        }
        assertThat(Files.readString(downloads.resolve("default.txt"))).contains("to be kept");
        Path packets = folder.resolve("same.pcapng");
        server.recording().writePcapng(packets);
        assertThat(downloads.resolve("default.pcapng")).hasSameBinaryContentAs(packets);
    }

    @Test
    void saysThatServerHasEndedAndKeepsWhatItShows() throws Exception {
        client("remember").close();
        server.recording().awaitConnections(1).get(0).awaitEnd();
        openPage();
        browser.await(row(1));
        server.close();
        browser.await("document.getElementById('link').innerText.includes('The server has ended')");
        browser.await("document.getElementById('facts').innerText.includes('closed')");
        assertThat(browser.value(row(1) + ".checkVisibility()")).isEqualTo("true");
    }

    /** The process is killed, and another server then has its port. */
    @Test
    void triesAgainWhenConnectionBreaksAndAsksForTokenOfNewServer() throws Exception {
        String address;
        List<String> command = ForkedProcess.java(
                List.of(),
                List.of(ForkedProcess.home(EchoServer.class)),
                "org.echoharness.cli.Main",
                "server",
                "127.0.0.1:0",
                "--control",
                "127.0.0.1:0");
        try (ForkedProcess process = new ForkedProcess(command)) {
            address = process.lines().await("control at .*").replace("control at ", "");
            browser.open(address);
            browser.await("document.getElementById('link').className === 'on'");
            process.handle().destroyForcibly();
            browser.await("document.getElementById('link').innerText.includes('tries again in 2 s')");
        }
        assertThat(browser.value("document.getElementById('facts').innerText")).contains("accepts connects");
        server.close();
        server = EchoServer.builder()
                .control(address.replaceAll("http://(.*)/#.*", "$1"))
                .start();
        browser.value("document.getElementById('again').click()");
        browser.await("document.getElementById('token-why').textContent.startsWith('The token is not that')");
        browser.type(server.controlToken().orElseThrow());
        browser.press("Enter");
        browser.await("document.getElementById('link').className === 'on'");
        assertThat(browser.takeComplaints()).allMatch(each -> each.contains("net::ERR_") || each.contains("401"));
    }

    @Test
    void showsServerThatIsChosen() throws Exception {
        try (EchoServer second = EchoServer.builder()
                .script("expect \"x\"")
                .control(server, "second")
                .start()) {
            openPage();
            client("of the first").close();
            browser.await(row(1));
            browser.choose("#servers", "second");
            browser.await("!" + row(1) + " && document.getElementById('facts').innerText.includes('script on')");
            browser.click("[data-do=refuse]");
            browser.await("document.title === 'second: refusing'");
            browser.choose("#servers", "default");
            browser.await(row(1) + " && document.title === 'default: echo'");
            assertThat(second.recording().connections()).isEmpty();
        }
    }

    /** The line of a pause goes when the pause has become short beside the life of the connection. */
    @Test
    void selectionStaysWhenLineOfPauseGoes() throws Exception {
        start(EchoServer.builder().faults("delay 30ms"));
        openPage();
        try (EchoClient client = client("first line\n")) {
            browser.await(row(1) + " && " + row(1) + ".dataset.e === 'open'");
            browser.click("#c1 summary");
            browser.await("document.querySelectorAll('#c1 pre').length === 2");
            String sent = "document.querySelectorAll('#c1 pre')[1]";
            String hasPause = sent + ".closest('li').previousElementSibling.classList.contains('gap')";
            assertThat(browser.value(hasPause)).isEqualTo("true");
            browser.value("getSelection().selectAllChildren(" + sent + ")");
            String selected = browser.value("getSelection().toString()");

            for (int pieces = 4; browser.value(hasPause).equals("true"); pieces += 2) {
                client.expectEcho("more\n".getBytes(StandardCharsets.UTF_8));
                browser.await("document.querySelectorAll('#c1 pre').length === " + pieces);
            }
            assertThat(browser.value("getSelection().toString()"))
                    .isEqualTo(selected)
                    .isNotEmpty();
        }
    }

    @Test
    void thousandConnectionsStayUsable() throws Exception {
        for (int number = 1; number <= 1_000; number++) {
            client("number " + number + ".").close();
        }
        openPage();
        browser.await(STATUS + " === '1000 connections'");
        String drawn = "Array.from(document.querySelectorAll('.c > summary'))"
                + ".filter(e => e.checkVisibility({contentVisibilityAuto: true})).length";
        browser.await(drawn + " < 200 && " + drawn + " > 10");
        assertThat(browser.value("document.querySelectorAll('.k').length")).isEqualTo("0");

        browser.click("#f-text");
        browser.type("Number 99.");
        browser.await(STATUS + " === '1 of 1000 connections'");
        client("number 99. again").close();
        browser.await(STATUS + " === '2 of 1000 connections'");
        browser.press("Escape");
        browser.await(STATUS + " === '1000 connections'");

        browser.value(
                "Array.from(document.querySelectorAll('button')).find(e => e.textContent === 'Unfold all').click()");
        browser.await("document.querySelectorAll('.k').length > 3");
        assertThat(browser.value("document.querySelectorAll('.k').length < 300"))
                .as("only what is near is asked for")
                .isEqualTo("true");
    }

    @ParameterizedTest
    @CsvSource({"1280, false", "390, true"})
    void fitsIntoWidthWithContrastAndNames(int width, boolean isDark) throws Exception {
        client("a long line ".repeat(30)).close();
        try (EchoClient open = client("x")) {
            browser.darkMode(isDark);
            browser.resize(width, 900);
            openPage();
            browser.value("document.querySelectorAll('details').forEach(e => { e.open = true; })");
            browser.value("document.getElementById('c1').scrollIntoView()");
            browser.await("document.querySelectorAll('.k').length === 2");
            browser.value("document.getElementById('plan').value = 'rest'");
            browser.click("#plan-apply");
            browser.await("document.getElementById('plan-error').textContent");
            assertThat(Integer.parseInt(browser.value("document.documentElement.scrollWidth")))
                    .isLessThanOrEqualTo(width);
            assertThat(browser.value(RecordingPageIT.WEAK)).isEmpty();
            assertThat(browser.value("Array.from(document.querySelectorAll('input, select, button, textarea'))"
                            + ".filter(e => !(e.getAttribute('aria-label')"
                            + " || (e.labels && e.labels.length ? e.labels[0] : e).textContent.trim()))"
                            + ".map(e => e.outerHTML).join()"))
                    .isEmpty();
            open.expectEcho(new byte[] {1});
        } finally {
            browser.darkMode(false);
            browser.resize(1280, 900);
        }
    }
}
