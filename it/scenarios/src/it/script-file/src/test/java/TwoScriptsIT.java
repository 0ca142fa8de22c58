import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class TwoScriptsIT {

    @Test
    void fileAnswersPing() throws IOException {
        try (Socket socket = connect("default")) {
            socket.getOutputStream().write("PING\r\n".getBytes(US_ASCII));
            socket.shutdownOutput();
            assertEquals("PONG\n", new String(socket.getInputStream().readAllBytes(), US_ASCII));
        }
    }

    @Test
    void otherServerHasScriptOfGoal() throws IOException {
        try (Socket socket = connect("busy")) {
            assertEquals("busy\n", new String(socket.getInputStream().readAllBytes(), US_ASCII));
        }
    }

    private static Socket connect(String id) throws IOException {
        Properties servers = new Properties();
        try (InputStream list = Files.newInputStream(Path.of("target", "echo", "servers.properties"))) {
            servers.load(list);
        }
        Socket socket = new Socket("127.0.0.1", Integer.parseInt(servers.getProperty("echo.server." + id + ".port")));
        socket.setSoTimeout(30_000);
        return socket;
    }
}
