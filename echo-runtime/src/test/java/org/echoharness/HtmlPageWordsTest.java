package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HtmlPageWordsTest {

    @Test
    void rejectedConnectionHasNoNumberAndOneReset(@TempDir Path folder) throws Exception {
        Path page = folder.resolve("page.html");
        try (EchoServer server = EchoServer.builder()
                        .maxConnections(1)
                        .recording()
                        .warnings(line -> {})
                        .start();
                EchoClient served = EchoClient.connect(server.address())) {
            served.expectEcho(new byte[] {'1'});
            assertThatThrownBy(() -> {
                        try (EchoClient rejected = EchoClient.connect(server.address())) {
                            rejected.receiveToEnd();
                        }
                    })
                    .isInstanceOf(IOException.class);
            server.recording().awaitConnections(2).get(1).awaitEnd();

            server.recording().writeHtml(page);
        }

        assertThat(Files.readString(page))
                .contains("id=\"c1\"", "<p>1 byte received, 1 byte sent;")
                .contains("data-n=\"0\" data-e=\"rejected\"", "<b class=\"rejected\">rejected</b> maxConnections<")
                .containsOnlyOnce("</span>rejected: RST: maxConnections<");
    }
}
