package org.echoharness.simulation;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.echoharness.ConnectionCounters;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.Fault;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent;
import org.echoharness.ScriptProblem;
import org.echoharness.simulation.ModelledConnection.End;
import org.echoharness.support.Background;

/** What must be true once the server is closed: its counters, its recording, and that it has given back its address. */
final class Aftermath {

    private final ModelledServer host;
    private final int maxConnections;

    Aftermath(ModelledServer host, int maxConnections) {
        this.host = host;
        this.maxConnections = maxConnections;
    }

    void check() throws IOException {
        EchoServer real = host.real();
        if (real.socketAddress() instanceof InetSocketAddress tcp) {
            checkIsFree(tcp);
        } else {
            verify(Files.notExists(real.path()), "the file of the Unix socket is left");
        }
        verify(real.failure().isEmpty(), "the server has failed: " + real.failure());
        List<ModelledServer> all = new ArrayList<>(host.sessions());
        all.add(host);
        for (ModelledServer each : all) {
            checkProblems(each);
            if (host.isRecorded()) {
                each.clients().forEach(client -> checkRecorded(each, client));
            }
        }
        checkCounters(all);
    }

    /** Binds a port. For a moment, a client of another process may have it, as the kernel has picked it. */
    private static void checkIsFree(InetSocketAddress address) throws IOException {
        long deadline = System.nanoTime() + Background.LONGEST.toNanos();
        while (true) {
            try {
                new ServerSocket(address.getPort(), 1, address.getAddress()).close();
                return;
            } catch (BindException taken) {
                if (System.nanoTime() - deadline > 0) {
                    throw taken;
                }
            }
        }
    }

    private void checkCounters(List<ModelledServer> all) {
        ConnectionCounters counters = host.real().counters();
        verify(
                counters.accepted()
                        == all.stream().mapToInt(each -> each.clients().size()).sum(),
                "accepted is wrong: " + counters);
        verify(
                counters.rejected()
                        == all.stream().mapToInt(ModelledServer::rejected).sum(),
                "rejected is wrong: " + counters);
        verify(counters.failed() == 0, "a connection has failed: " + counters);
        verify(
                maxConnections == 0 || counters.peak() <= maxConnections,
                "more than " + maxConnections + " connections were open: " + counters);
        if (host.isRecorded()) {
            List<Ending> ends = host.real().recording().connections().stream()
                    .filter(each -> each.number() > 0)
                    .map(each -> each.ending().orElseThrow())
                    .toList();
            verify(
                    counters.idleClosed()
                            == ends.stream()
                                    .filter(end -> end.why().startsWith("idle for"))
                                    .count(),
                    "idleClosed is wrong: " + counters);
            verify(
                    counters.reset()
                            == ends.stream()
                                    .filter(end -> end.by() == Ending.Side.CLIENT && end.how() == Ending.How.RST)
                                    .count(),
                    "reset is wrong: " + counters);
        }
    }

    private static void checkProblems(ModelledServer server) {
        List<Long> reported = server.real().scriptProblems().stream()
                .filter(problem -> problem.kind() == ScriptProblem.Kind.MISMATCH)
                .map(ScriptProblem::connection)
                .toList();
        for (SimulatedClient client : server.clients()) {
            ModelledConnection model = Objects.requireNonNull(client.model());
            boolean isReported = reported.contains(model.number());
            boolean isSure = model.earlyEnds().isEmpty() && model.terminal() == null && client.end() == End.RST;
            verify(
                    isReported ? model.hasMismatch() : !(model.hasMismatch() && isSure),
                    "the script's problem is " + (isReported ? "" : "not ") + "reported: " + client);
        }
    }

    /** Compares the recording with what the client has sent and seen. */
    private void checkRecorded(ModelledServer server, SimulatedClient client) {
        ModelledConnection model = Objects.requireNonNull(client.model());
        RecordedConnection recorded = host.real().recording().connection(server.numberAtHost(model));
        String what = " in the recording of " + client + ": " + recorded;
        byte[] output = model.output().getBytes(StandardCharsets.ISO_8859_1);
        verify(recorded.bytesReceived() == recorded.received().length, "received bytes are missing" + what);
        verify(recorded.bytesSent() == recorded.sent().length, "sent bytes are missing" + what);
        verify(isPrefix(recorded.received(), client.sent()), "received is not what the client has sent" + what);
        boolean mayBeMore =
                client.isClosed() && isPrefix(output, recorded.sent()); // its FIN may have come, and may not
        verify(mayBeMore || isPrefix(recorded.sent(), output), "sent is not what the model has" + what);
        verify(client.seen() <= recorded.bytesSent(), "the client has read more than was sent" + what);
        if (model.isComplete(client.end())) {
            verify(recorded.bytesReceived() == client.sent().length, "the end of what was received is missing" + what);
            verify(recorded.bytesSent() == output.length, "the end of what was sent is missing" + what);
        }
        Ending ending = recorded.ending().orElseThrow(() -> new AssertionError("the end is missing" + what));
        verify(mayEnd(ending, model, client), "the end is wrong" + what);
        boolean isIdleFin = ending.how() == Ending.How.FIN && ending.why().startsWith("idle for");
        verify(
                !isIdleFin
                        || !model.isPlainEcho()
                        || recorded.isCut()
                        || recorded.bytesSent() == receivedBeforeFin(recorded),
                "an idle close has cut off the echo" + what);
        recorded.upstream()
                .ifPresent(upstream -> verify(
                        (!model.isFaithfulBehind() || isPrefix(upstream.received(), upstream.sent()))
                                && upstream.ending().isPresent(),
                        "the leg to the server behind the relay is wrong" + what));
    }

    /** What comes while the server sends its FIN is not echoed. */
    private static long receivedBeforeFin(RecordedConnection recorded) {
        return recorded.events().stream()
                .takeWhile(event -> event.kind() != RecordedEvent.Kind.SERVER_FIN)
                .filter(event -> event.kind() == RecordedEvent.Kind.RECEIVED)
                .mapToLong(RecordedEvent::bytes)
                .sum();
    }

    private static boolean mayEnd(Ending ending, ModelledConnection model, SimulatedClient client) {
        Fault terminal = model.terminal();
        boolean isEarly =
                model.earlyEnds().stream().anyMatch(early -> ending.why().startsWith(early.why()));
        if (model.isComplete(client.end())) {
            return ending.how() == Ending.How.FIN;
        }
        if (client.isClosed() || client.end() == End.BROKEN || client.isOfUnixSocket()) {
            return true; // who was first is not known
        }
        if (client.end() == End.RST && !isEarly) {
            boolean isNamed = terminal == null || model.isEndedBy(ending.why());
            return ending.how() == Ending.How.RST && ending.by() == Ending.Side.SERVER && isNamed;
        }
        return isEarly || !model.naturalEnds().isEmpty();
    }

    private static boolean isPrefix(byte[] part, byte[] all) {
        return part.length <= all.length && Arrays.equals(part, 0, part.length, all, 0, part.length);
    }

    private static void verify(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
