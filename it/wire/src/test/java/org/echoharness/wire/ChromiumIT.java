package org.echoharness.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.echoharness.EchoServer;
import org.echoharness.RecordedConnection;
import org.echoharness.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A browser shows the page of a run and runs no script from the payload. {@link RecordingPageIT} uses the page. */
@Timeout(value = 700, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChromiumIT {

    private static final int WIDTH = 1_200;
    private static final int HEIGHT = 1_600;
    private static final Integer[] ROWS = {0xEE_F6_FF, 0xF1_F8_EE, 0xFF_F3_E0}; // of client, server and fault

    @Test
    void showsConversationWithoutRunningPayload(@TempDir Path folder) throws Exception {
        Program chromium = Program.chromiumOrSkip();
        try (EchoServer elsewhere = EchoServer.builder().recording().start()) {
            String image = "<img src=http://127.0.0.1:" + elsewhere.port() + "/>";
            String payload = "<script>document.title='x'</script></code></table>" + image;
            Recording recording =
                    Run.threeConnections(bytes(payload), bytes("late and in pieces, & \"quoted\"\n\0\u00e9"));
            Path page = folder.resolve("page.html");
            recording.writeHtml(page);

            String dom = chromium.run(folder, arguments(folder, page, "--dump-dom"));

            assertThat(dom)
                    .contains("<title>Echo conversation</title>")
                    .contains(escaped(payload))
                    .contains("reset me</pre>", "RST: reset after 4")
                    .contains("fault: delay 20ms", "fault: fragment 16")
                    .contains("late and in piec</pre>", "\\x00</i>é")
                    .containsOnlyOnce("<script")
                    .doesNotContain("<img");
            for (RecordedConnection connection : recording.connections()) {
                assertThat(dom).contains("id=\"c" + connection.number() + '"');
            }
            assertThat(colours(screenshot(chromium, folder, page))).contains(ROWS);
            assertThat(elsewhere.recording().total()).as("requests").isZero();
        }
    }

    private static BufferedImage screenshot(Program chromium, Path folder, Path page)
            throws IOException, InterruptedException {
        Path image = folder.resolve("page.png");
        chromium.run(folder, arguments(folder, page, "--screenshot=" + image));
        BufferedImage read = ImageIO.read(image.toFile());
        assertThat(read.getWidth()).isEqualTo(WIDTH);
        return read;
    }

    private static Set<Integer> colours(BufferedImage image) {
        return IntStream.range(0, image.getWidth() * image.getHeight())
                .mapToObj(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()) & 0xFF_FF_FF)
                .collect(Collectors.toSet());
    }

    /** A browser with its own profile, which makes no requests of its own. */
    private static List<String> arguments(Path folder, Path page, String what) {
        List<String> arguments = new ArrayList<>(List.of("--headless", "--no-sandbox", "--disable-gpu"));
        arguments.addAll(List.of("--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars"));
        arguments.addAll(List.of("--disable-background-networking", "--disable-component-update"));
        arguments.add("--user-data-dir=" + folder.resolve("profile"));
        arguments.add("--window-size=" + WIDTH + "," + HEIGHT);
        arguments.add(what);
        arguments.add(page.toUri().toString());
        return arguments;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** As a browser writes text. */
    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
