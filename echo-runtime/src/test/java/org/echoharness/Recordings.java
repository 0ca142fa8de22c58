package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.echoharness.text.ServerLog;

/** Methods that tests of recordings share. */
final class Recordings {

    private Recordings() {}

    /** "RECEIVED 0+5", "FAULT reset after 5". */
    static List<String> events(RecordedConnection connection) {
        List<String> events = new ArrayList<>();
        for (RecordedEvent event : connection.events()) {
            events.add(event.kind()
                    + (event.bytes() == 0 ? "" : " " + event.offset() + "+" + event.bytes())
                    + (event.detail().isEmpty() ? "" : " " + event.detail()));
        }
        return events;
    }

    static List<Long> numbers(EchoServer server) {
        return server.recording().connections().stream()
                .map(RecordedConnection::number)
                .toList();
    }

    static RecordedConnection ended(EchoServer server, long number) throws InterruptedException {
        server.recording().awaitConnections((int) number);
        return server.recording().connection(number).awaitEnd(Duration.ofSeconds(30));
    }

    static void finish(Socket socket) throws IOException {
        socket.shutdownOutput();
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }

    static void finishReading(Socket socket) throws IOException {
        socket.shutdownOutput();
        socket.getInputStream().readAllBytes();
    }

    static String page(List<RecordedConnection> connections, long leftOut) {
        StringBuilder page = new StringBuilder();
        try {
            ServerLog.Snapshot server = new ServerLog.Snapshot("the server", List.of(), 0);
            long total = connections.size() + leftOut;
            HtmlPage.write(
                    connections,
                    new HtmlPage.About("", Ending.Side.SERVER, null, Set.of(), total, 1, leftOut, "", server),
                    page);
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
        return page.toString();
    }

    /** The rows of the first conversation in a page, each as its style and its HTML without tags: "fin g01 up | 1.000FIN". */
    static List<String> ladder(String page) {
        return Pattern.compile("<li class=\"([^\"]*)\">(.*?)</li>", Pattern.DOTALL)
                .matcher(page.split("<ol class=\"l ", 2)[1].split("</ol>", 2)[0])
                .results()
                .map(row -> row.group(1) + " | " + row.group(2).replaceAll("<[^>]*>", ""))
                .toList();
    }

    /** A connection on which the second step of a script was not met. */
    static RecordedConnection notMet() {
        String mismatch = "step 2 of 2: expected line \"QUIT\", seen \"<Q>\\n\"";
        return new RecordedBytes(3, 100)
                .at(1_000_000)
                .received("PING\n<Q>\n")
                .note(RecordedEvent.Kind.STEP, "step 1 of 2: line \"PING\"")
                .sent("PONG\n")
                .note(RecordedEvent.Kind.MISMATCH, mismatch)
                .end(Ending.Side.SERVER, Ending.How.RST, mismatch)
                .snapshot();
    }
}
