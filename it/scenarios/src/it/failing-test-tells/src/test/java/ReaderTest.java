import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import org.echoharness.EchoClient;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;

@EchoTest(faults = "corrupt byte 3")
class ReaderTest {

    @Test
    void clientReadsEcho(EchoClient client) throws IOException {
        client.expectEcho("hello".getBytes(UTF_8));
    }
}
