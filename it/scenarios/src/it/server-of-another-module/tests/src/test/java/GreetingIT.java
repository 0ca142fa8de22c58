import static org.echoharness.junit.Source.EXTERNAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.net.Socket;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest(source = EXTERNAL)
class GreetingIT {

    @Echo
    InetSocketAddress peer;

    @Test
    void messageComesBack() throws Exception {
        try (Socket socket = new Socket(peer.getAddress(), peer.getPort())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write("hello".getBytes());
            assertEquals("hello", new String(socket.getInputStream().readNBytes(5)));
        }
    }
}
