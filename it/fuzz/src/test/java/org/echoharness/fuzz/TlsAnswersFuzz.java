package org.echoharness.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a server answers to a ClientHello. The client's connect fails and says why. */
class TlsAnswersFuzz {

    private static final int HELLO = 50; // bytes of the ClientHello that the server waits for

    @AutoClose
    private static HostileServer server;

    static Stream<Arguments> seeds() {
        String random = "0123456789abcdef0123456789abcdef";
        return Stream.of(
                seed("an alert", "\25\3\3\0\2\2\50"),
                seed("close_notify", "\25\3\3\0\2\1\0"),
                seed("HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"),
                seed(
                        "ServerHello of 1.2",
                        "\26\3\3\0\60\2\0\0\54\3\3" + random + "\0\u00c0\57\0\0\4\u00ff\1\0\0"
                                + "\26\3\3\0\4\16\0\0\0"),
                seed("ServerHello of 1.3", "\26\3\3\0\64\2\0\0\60\3\3" + random + "\0\23\1\0\0\10\0\53\0\4\3\4\3\4"),
                seed("application data", "\27\3\3\0\5hello"),
                seed("too long a record", "\26\3\3\u00ff\u00ff"));
    }

    private static Arguments seed(String name, String latin1) {
        return Inputs.seed(name, latin1.getBytes(ISO_8859_1));
    }

    @BeforeAll
    static void start() throws IOException {
        server = new HostileServer(HELLO);
    }

    @MethodSource("seeds")
    @FuzzTest
    void answer(byte[] input) {
        server.answer(input);
        try (EchoClient client = EchoClient.builder()
                .address(PlainSockets.LOOPBACK + ":" + server.port())
                .tls("insecure")
                .conversation(HostilePeer::checkLine)
                .connectTimeout(Duration.ofSeconds(60))
                .connect()) {
            throw new AssertionError("a handshake with " + client);
        } catch (IOException refused) {
            assertThat(refused.getMessage()).isNotBlank();
            Inputs.assertShown(refused.getMessage());
        }
        HostilePeer.assertSound();
    }
}
