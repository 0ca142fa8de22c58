import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Socket;
import org.junit.jupiter.api.Test;

class EchoIT {

    @Test
    void expectsReversedMessage() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", Integer.getInteger("my.port"))) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write("hello".getBytes());
            assertEquals("olleh", new String(socket.getInputStream().readNBytes(5)));
        }
    }
}
