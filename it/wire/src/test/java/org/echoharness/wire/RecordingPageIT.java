package org.echoharness.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A person uses the page of a recording in a browser: looks, filters, unfolds, switches to hexadecimal. */
@Timeout(value = 700, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RecordingPageIT {

    private static final byte[] BINARY = {
        0, 1, 2, (byte) 0xFF, (byte) 0xFE, 'A', '<', '\\', '"', '\n', 0, 0, 0, 9, 8, 7, 6, 5
    };
    private static final String SHOWN = "Array.from(document.querySelectorAll('.c')).filter(e => e.checkVisibility())"
            + ".map(e => e.dataset.n).join(' ')";
    private static final String STATUS = "document.querySelector('output').textContent";

    @TempDir
    private static Path folder;

    private static BrowserPage browser;

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

    /** As a browser that was just started. */
    @BeforeEach
    void reset() throws InterruptedException {
        browser.allowScript(true);
        browser.darkMode(false);
        browser.resize(1280, 900);
        browser.open("about:blank");
        browser.takeComplaints();
    }

    /** A page with this many connections: the third is reset, the fourth has binary bytes, each says its number. */
    private Path page(int connections) throws Exception {
        try (EchoServer server = EchoServer.builder()
                .recording()
                .faults("connection 3: reset after 4; connection 5: delay 20ms")
                .start()) {
            for (int number = 1; number <= connections; number++) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    client.send(message(number));
                    client.shutdownOutput();
                    client.receiveToEnd();
                } catch (IOException reset) {
                    assertThat(number).isEqualTo(3);
                }
            }
            for (RecordedConnection each : server.recording().awaitConnections(connections)) {
                each.awaitEnd(Duration.ofSeconds(30));
            }
            Path page = Files.createTempDirectory(folder, "page").resolve("page.html");
            server.recording().writeHtml(page);
            return page;
        }
    }

    private static byte[] message(int number) {
        return number == 4
                ? BINARY
                : ("HELLO  \u00fc" + number + "\\x00 \"it\"\r\nsecond\tline\n").getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void filtersByEndFaultNumberAndText() throws Exception {
        browser.open(page(20));
        assertThat(browser.value(STATUS)).isEqualTo("20 connections");

        browser.choose("#f-end", "rst");
        assertThat(browser.value(STATUS)).isEqualTo("1 of 20 connections");
        assertThat(browser.value(SHOWN)).isEqualTo("3");
        browser.press("Escape");
        assertThat(browser.value(STATUS)).isEqualTo("20 connections");

        browser.choose("#f-fault", "some");
        assertThat(browser.value(SHOWN)).isEqualTo("3 5");
        browser.choose("#f-fault", "=delay 20ms");
        assertThat(browser.value(SHOWN)).isEqualTo("5");
        browser.choose("#f-fault", "");

        browser.click("#f-number");
        browser.type("2, 18-");
        browser.await(STATUS + " === '4 of 20 connections'");
        assertThat(browser.value(SHOWN)).isEqualTo("2 18 19 20");
        browser.type("x");
        browser.await(STATUS + ".startsWith('Number: write')");
        browser.click("form button");
        browser.await(STATUS + " === '20 connections'");

        browser.value("document.activeElement.blur()");
        browser.press("/");
        browser.type("\u00fc17\\x00 \"it\"");
        browser.await(STATUS + " === '1 of 20 connections'");
        assertThat(browser.value(SHOWN)).isEqualTo("17");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void keysMoveUnfoldAndSwitchToHex() throws Exception {
        browser.open(page(20));
        String isOpen = "document.getElementById('c2').open";
        String text = "document.querySelector('#c2 pre').textContent";
        assertThat(browser.value(isOpen)).isEqualTo("false");

        browser.press("j");
        browser.press("ArrowDown");
        assertThat(browser.value("document.activeElement.parentNode.id")).isEqualTo("c2");
        browser.press("Enter");
        browser.await(isOpen);
        String asText = "HELLO  \u00fc2\\\\x00 \"it\"\\r\\n\nsecond\\tline\\n\n";
        assertThat(browser.value(text)).isEqualTo(asText);

        browser.press("h");
        browser.await(text + ".startsWith('0000')");
        assertThat(browser.value(text)).isEqualTo("""
                        00000000  48 45 4c 4c 4f 20 20 c3 bc 32 5c 78 30 30 20 22  HELLO  ..2\\x00 "
                        00000010  69 74 22 0d 0a 73 65 63 6f 6e 64 09 6c 69 6e 65  it"..second.line
                        00000020  0a                                               .
                        """);
        browser.press("h");
        browser.await("!" + text + ".startsWith('0000')");
        assertThat(browser.value(text)).isEqualTo(asText);
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void binaryIsHexUntilTextIsChosen() throws Exception {
        browser.open(page(4));
        String text = "document.querySelector('#c4 pre').textContent";
        String hex = """
                00000000  00 01 02 ff fe 41 3c 5c 22 0a 00 00 00 09 08 07  .....A<\\".......
                00000010  06 05                                            ..
                """;
        browser.click("#c4 summary");
        assertThat(browser.value(text)).isEqualTo(hex);
        browser.choose("#f-bytes", "text");
        assertThat(browser.value(text))
                .isEqualTo("\\x00\\x01\\x02\\xff\\xfeA<\\\\\"\\n\n\\x00\\x00\\x00\\t\\x08\\x07\\x06\\x05");
        browser.choose("#f-bytes", "hex");
        assertThat(browser.value(text)).isEqualTo(hex);
    }

    /** A browser without the script still unfolds, and has every byte. */
    @Test
    void showsEverythingWithoutScript() throws Exception {
        browser.allowScript(false);
        browser.open(page(5));
        assertThat(browser.value("document.querySelector('form')")).isEqualTo("null");
        assertThat(browser.value(SHOWN)).isEqualTo("1 2 3 4 5");
        browser.click("#c5 summary");
        assertThat(browser.value("document.querySelector('#c5 pre').checkVisibility()"))
                .isEqualTo("true");
        assertThat(browser.value("document.getElementById('c5').innerText"))
                .contains("HELLO  \u00fc5", "fault: delay 20ms", "FIN");
    }

    @Test
    void drawsOnlyWhatIsInViewOfThousandConnections() throws Exception {
        browser.open(page(1_000));
        assertThat(browser.value(STATUS)).isEqualTo("1000 connections");
        String drawn = "Array.from(document.querySelectorAll('.c > summary'))"
                + ".filter(e => e.checkVisibility({contentVisibilityAuto: true})).length";
        browser.await(drawn + " < 200 && " + drawn + " > 10");
        browser.click("#f-number");
        browser.type("990-");
        browser.await(STATUS + " === '11 of 1000 connections'");
        browser.click("#c1000 summary");
        browser.await("document.getElementById('c1000').open");
        assertThat(browser.value("document.querySelector('#c1000 pre').textContent"))
                .startsWith("HELLO  \u00fc1000");
    }

    /** The axis stays at the top of the window, and must not cover the row that a person goes to. */
    @ParameterizedTest
    @ValueSource(ints = {390, 1280})
    void namedConnectionIsUnfoldedBelowAxis(int width) throws Exception {
        browser.resize(width, 900);
        browser.open(page(100));
        String row = "document.querySelector('#c60 > summary').getBoundingClientRect()";
        String axis = "document.querySelector('.axis').getBoundingClientRect()";
        browser.value("location.hash = 'c60'");
        browser.await("document.getElementById('c60').open && scrollY > 0");
        assertThat(browser.value(axis + ".top >= 0 && " + row + ".top >= " + axis + ".bottom - 1 && " + row
                        + ".bottom < innerHeight"))
                .isEqualTo("true");
        browser.value("document.querySelector('#c80 > summary').focus()");
        for (int up = 0; up < 60; up++) {
            browser.press("ArrowUp");
        }
        assertThat(browser.value("document.activeElement.parentNode.id")).isEqualTo("c20");
        String focused = "document.activeElement.getBoundingClientRect()";
        assertThat(browser.value(focused + ".top >= " + axis + ".bottom - 1")).isEqualTo("true");
    }

    @ParameterizedTest
    @ValueSource(ints = {390, 1280})
    void fitsIntoWidth(int width) throws Exception {
        browser.resize(width, 900);
        browser.open(page(6));
        browser.value("document.querySelectorAll('.c').forEach(e => { e.open = true; })");
        for (String bytes : new String[] {"auto", "hex", "text"}) {
            browser.choose("#f-bytes", bytes);
            assertThat(Integer.parseInt(browser.value("document.documentElement.scrollWidth")))
                    .as(bytes)
                    .isLessThanOrEqualTo(width);
            assertThat(browser.value("Array.from(document.querySelectorAll('.k, .k *')).filter(e =>"
                            + " e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline'"
                            + " && getComputedStyle(e).overflowX !== 'auto' && e.className !== 'v')"
                            + ".map(e => e.outerHTML.slice(0, 80)).join('; ')"))
                    .as("cut off with " + bytes)
                    .isEmpty();
        }
    }

    /** WCAG 2.2, success criteria 1.4.3 (contrast) and 4.1.2 (names of controls). */
    @ParameterizedTest
    @CsvSource({"1280, false", "1280, true", "390, true"})
    void textHasContrastAndControlsHaveNames(int width, boolean isDark) throws Exception {
        browser.resize(width, 900);
        browser.darkMode(isDark);
        browser.open(page(6));
        browser.value("document.querySelectorAll('.c').forEach(e => { e.open = true; })");
        assertThat(browser.value("matchMedia('(prefers-color-scheme: dark)').matches"))
                .isEqualTo(Boolean.toString(isDark));
        assertThat(browser.value(WEAK)).isEmpty();
        assertThat(browser.value("Array.from(document.querySelectorAll('input, select, button'))"
                        + ".filter(e => !(e.labels.length ? e.labels[0] : e).textContent.trim()).length"))
                .isEqualTo("0");
    }

    /** The elements with text whose contrast is below 4.5, each with its colours. */
    static final String WEAK = """
            (() => {
              const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
              const linear = (c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
              const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
              const behind = (e) => {
                for (let at = e; at; at = at.parentElement) {
                  const found = rgb(getComputedStyle(at).backgroundColor);
                  if (found.length === 3 || found[3] > 0) return found;
                }
                throw new Error('no background');
              };
              const weak = [];
              for (const e of document.body.querySelectorAll('*')) {
                if (e.nodeName === 'SCRIPT' || !e.checkVisibility()) continue;
                if (!Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.data.trim())) continue;
                const style = getComputedStyle(e);
                const front = rgb(e.namespaceURI.endsWith('svg') ? style.fill : style.color);
                const pair = [light(front), light(behind(e))].sort((a, b) => b - a);
                const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
                if (contrast < 4.5) weak.push(e.outerHTML.slice(0, 80) + ' ' + contrast);
              }
              return weak.join('; ');
            })()""";
}
