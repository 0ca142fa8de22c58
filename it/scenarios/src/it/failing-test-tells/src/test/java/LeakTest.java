import java.io.IOException;
import java.net.Socket;
import org.echoharness.EchoServer;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest(readTimeout = "200ms")
class LeakTest {

    static Socket open;

    @Test
    void leavesConnectionOpen(EchoServer server) throws IOException {
        open = new Socket(server.address().getAddress(), server.port());
    }
}
