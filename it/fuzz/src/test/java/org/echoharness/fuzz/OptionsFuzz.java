package org.echoharness.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Options of servers and clients, each with its value as text: {@code bufferSize=16KiB}. */
class OptionsFuzz {

    /** Options whose values name files that {@code build} reads. */
    private static final Set<String> FILES = Set.of("script", "scriptFile");

    static Stream<Arguments> seeds() {
        return Inputs.seeds(
                "addresses=127.0.0.1:0, [::1]:0, unix:",
                "address=localhost:7",
                "backlog=65535",
                "bufferSize=16KiB",
                "maxConnections=none",
                "idleTimeout=1m",
                "idleClose=8760h",
                "eventLoops=256",
                "faults=first 2: reset after 4; others: delay 50ms",
                "script=expect line \"PING\", send \"PONG\\n\"",
                "scriptFile=smtp.echo",
                "upstream=localhost:5432",
                "upstreamFailure=stall",
                "upstreamTls=insecure",
                "connectTimeout=5s",
                "readTimeout=1ms",
                "timeout=none",
                "tls=self-signed",
                "tls=for a.example",
                "certificateFile=target/echo.pem",
                "recording=1GiB",
                "recording=on",
                "control=127.0.0.1:0",
                "nothing=1",
                "addresses=\u001b,,",
                "upstream=*:6\r",
                "script=missing \"\\x1b\"",
                "bufferSize=99999999999999999999999999999999999999999");
    }

    @MethodSource("seeds")
    @FuzzTest
    void option(byte[] input) {
        String text = Inputs.text(input);
        int equals = text.indexOf('=');
        String word = equals < 0 ? text : text.substring(0, equals);
        String value = text.substring(equals + 1);
        EchoServer.Builder server = EchoServer.builder();
        if (isSet(() -> server.set(word, value), word, EchoServer.Builder.words(), input.length)
                && !FILES.contains(word)) {
            try {
                server.build();
            } catch (IllegalArgumentException refused) {
                Inputs.assertRefusal(refused, word, input.length);
            }
        }
        isSet(() -> EchoClient.builder().set(word, value), word, EchoClient.Builder.words(), input.length);
    }

    private static boolean isSet(Runnable set, String word, List<String> words, int size) {
        boolean isKnown = words.contains(word);
        try {
            set.run();
        } catch (IllegalArgumentException refused) {
            String named = word.equals("addresses") ? "address" : word;
            Inputs.assertRefusal(refused, isKnown ? named : "there is no option ", size);
            return false;
        }
        assertThat(isKnown).as(word).isTrue();
        return true;
    }
}
