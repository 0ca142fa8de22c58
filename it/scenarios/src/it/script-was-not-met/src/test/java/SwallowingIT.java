import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class SwallowingIT {

    @Test
    void hidesResetByServer() throws Exception {
        Properties servers = new Properties();
        try (InputStream list = Files.newInputStream(Path.of("target", "echo", "servers.properties"))) {
            servers.load(list);
        }
        int port = Integer.parseInt(servers.getProperty("echo.server.default.port"));
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write("PNIG\n".getBytes(US_ASCII));
            if (socket.getInputStream().read() >= 0) {
                throw new AssertionError("an answer came");
            }
        } catch (IOException reset) {
            System.out.println("swallowed: " + reset.getMessage());
        }
    }
}
