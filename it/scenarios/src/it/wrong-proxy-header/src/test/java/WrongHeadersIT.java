import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class WrongHeadersIT {

    private static void sendAndHideReset(String id, String bytes) throws IOException {
        Properties servers = new Properties();
        try (InputStream list = Files.newInputStream(Path.of("target", "echo", "servers.properties"))) {
            servers.load(list);
        }
        int port = Integer.parseInt(servers.getProperty("echo.server." + id + ".port"));
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(bytes.getBytes(US_ASCII));
            if (socket.getInputStream().read() >= 0) {
                throw new AssertionError("an answer came");
            }
        } catch (IOException reset) {
            System.out.println("swallowed: " + reset.getMessage());
        }
    }

    @Test
    void sendsNoHeader() throws IOException {
        sendAndHideReset("line", "hello");
    }

    @Test
    void sendsHeaderOfOtherVersion() throws IOException {
        sendAndHideReset("binary", "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");
    }
}
