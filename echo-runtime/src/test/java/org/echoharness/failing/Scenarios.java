package org.echoharness.failing;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.FaultPlan;
import org.echoharness.script.Framings;
import org.echoharness.support.PlainSockets;

/** What a server does in tests, with clients that use no channel. */
final class Scenarios {

    private static final int CLIENTS = 20;
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Duration SESSION = Duration.ofSeconds(30);
    private static final String TLS_1_2 = "TLSv1.2";
    private static final String TLS_1_3 = "TLSv1.3";

    private Scenarios() {}

    static Map<String, Scenario> all() {
        Map<String, Scenario> all = new LinkedHashMap<>();
        all.put("serve", Scenarios::serve);
        all.put("loops", Scenarios::loops);
        all.put("half-close", Scenarios::halfClose);
        all.put("start", Scenarios::start);
        all.put("faults", Scenarios::faults);
        all.put("script", Scenarios::script);
        all.put("handler", Scenarios::handler);
        all.put("relay", Scenarios::relay);
        all.put("relay-tls", Scenarios::relayWithTls);
        all.put("tls", Scenarios::tls);
        all.put("tls-faults", Scenarios::tlsFaults);
        all.put("controls", Scenarios::controls);
        all.put("ports", Scenarios::ports);
        all.put("unanswered", Scenarios::unanswered);
        all.put("limits", Scenarios::limits);
        all.put("session", Scenarios::session);
        all.put("unix", Scenarios::unix);
        all.put("client", Scenarios::client);
        all.put("client-tls", Scenarios::clientWithTls);
        all.put("http", Scenarios::http);
        all.put("no-reuseport", Scenarios::withoutReusePort);
        all.put("linger-refused", Scenarios::withoutLinger);
        all.put("other-messages", Scenarios::withOtherMessages);
        return all;
    }

    /** Twenty clients at once, each of which gets its echo. */
    private static void serve(Run run) throws Exception {
        echoes(run, run.start(EchoServer.builder()), CLIENTS);
    }

    /** With recording, a conversation and several threads. */
    private static void loops(Run run) throws Exception {
        EchoServer.Builder options =
                EchoServer.builder().eventLoops(2).recording().conversation(line -> {});
        echoes(run, run.start(options), 6);
    }

    private static void echoes(Run run, EchoServer server, int count) {
        List<PlainClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(run.connect(server));
        }
        for (int i = 0; i < count; i++) {
            clients.get(i).sends("hello " + i);
        }
        for (int i = 0; i < count; i++) {
            clients.get(i).receives("hello " + i).echoes("again");
        }
        clients.forEach(PlainClient::shutsOutput);
        clients.forEach(PlainClient::seesEnd);
    }

    /** All is sent and ended before anything is read. */
    private static void halfClose(Run run) throws Exception {
        byte[] message = new byte[256 << 10];
        new Random(1).nextBytes(message);
        EchoServer server = run.start(EchoServer.builder().bufferSize(64 << 10));
        PlainClient client = run.connect(server);
        PlainClient other = run.connect(server);
        other.echoes("a");
        client.sends(message).shutsOutput().receives(message).seesEnd();
        other.echoes("b").ends();
    }

    /** Several addresses. */
    static void start(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder()
                .addresses("127.0.0.1:0", "[::1]:0", "unix:")
                .eventLoops(2));
        run.connect(server.addresses().get(1)).echoes("hello").ends();
    }

    private static void faults(Run run) throws Exception {
        Map<String, Consumer<PlainClient>> plans = new LinkedHashMap<>();
        plans.put("reset after 4", client -> client.sends("abcdefgh").isReset("abcd"));
        plans.put(
                "close after 4",
                client -> client.sends("abcdefgh").receives("abcd").seesEnd());
        plans.put(
                "half-close after 4",
                client -> client.sends("abcdefgh").receives("abcd").ends());
        plans.put("fragment 3", client -> client.echoes("abcdefgh").ends());
        plans.put("delay 1ms", client -> client.echoes("abcdefgh").ends());
        plans.put(
                "discard after 4",
                client -> client.sends("abcdefgh").receives("abcd").ends());
        plans.put("greet \"hi\"", client -> client.receives("hi").echoes("abcd").ends());
        plans.put(
                "duplicate 2", client -> client.sends("abcd").receives("ababcd").ends());
        plans.put("truncate 2", client -> client.sends("abcd").receives("cd").ends());
        plans.put("reset on fin", client -> client.echoes("abcd").shutsOutput().isReset(""));
        plans.put("slow-close 1ms", client -> client.echoes("abcd").ends());
        EchoServer server = run.start(EchoServer.builder().recording());
        plans.forEach((plan, converse) -> {
            server.setFaults(FaultPlan.parse(plan));
            converse.accept(run.connect(server));
        });
        server.setFaults(FaultPlan.none());
    }

    private static void script(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder()
                .recording()
                .script("send \"ready\", expect line \"{name}\", send \"hello {name}\", wait 1ms, echo"));
        for (int i = 0; i < 3; i++) {
            run.connect(server)
                    .receives("ready")
                    .sends("you\n")
                    .receives("hello you")
                    .echoes("and then")
                    .ends();
        }
        if (!run.hasLost() && !server.scriptProblems().isEmpty()) {
            throw new AssertionError("problems: " + server.scriptProblems());
        }
    }

    private static void handler(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder().respond(Framings.lines(), line -> "<" + line + ">"));
        for (int i = 0; i < 3; i++) {
            run.connect(server).sends("a\nb\n").receives("<a>\r\n<b>\r\n").ends();
        }
    }

    private static void relay(Run run) throws Exception {
        EchoServer behind = run.start(EchoServer.builder().addresses("127.0.0.1:0", "unix:"));
        EchoServer toTcp = run.start(EchoServer.builder().recording().upstream("127.0.0.1:" + behind.port()));
        relays(run.connect(toTcp), run.connect(toTcp));
        behind.setFaults(FaultPlan.parse("reset after 4"));
        run.connect(toTcp).sends("abcdefgh").isReset("abcd");
        behind.setFaults(FaultPlan.none());
        EchoServer toUnix = run.start(EchoServer.builder().upstream("unix:" + behind.path()));
        relays(run.connect(toUnix).takesEndForReset(), run.connect(toUnix).takesEndForReset());
    }

    private static void relays(PlainClient first, PlainClient second) {
        byte[] message = new byte[100_000];
        new Random(2).nextBytes(message);
        first.echoes("first");
        second.echoes("second");
        second.sends(message).shutsOutput().receives(message).seesEnd();
        first.echoes("again").ends();
    }

    private static void relayWithTls(Run run) throws Exception {
        EchoServer behind = run.start(EchoServer.builder().tls("self-signed"));
        EchoServer server = run.start(
                EchoServer.builder().upstream("127.0.0.1:" + behind.port()).upstreamTls(behind.sslContext()));
        run.connect(server).echoes("first").ends();
        run.connect(server).echoes("second").ends();
        EchoServer distrusts = run.start(
                EchoServer.builder().upstream("127.0.0.1:" + behind.port()).upstreamTls("system"));
        run.connectToReset(distrusts);
        run.connect(server).echoes("third").ends();
    }

    private static void tls(Run run) throws Exception {
        byte[] message = new byte[40_000];
        new Random(3).nextBytes(message);
        EchoServer server = run.start(EchoServer.builder().tls("self-signed").recording());
        PlainClient first = run.connectTls(server, TLS_1_3);
        PlainClient second = run.connectTls(server, TLS_1_2);
        first.echoes("first").sends(message).receives(message);
        second.echoes("second").ends();
        first.ends();
    }

    private static void tlsFaults(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder().tls("self-signed"));
        run.connect(server).sends("no TLS at all\n").seesAnyEnd().close();
        server.setFaults(FaultPlan.parse("reset after 4"));
        run.connectTls(server, TLS_1_3).sends("abcdefgh").isReset("abcd");
        server.setFaults(FaultPlan.parse("close after 4"));
        run.connectTls(server, TLS_1_3).sends("abcdefgh").receives("abcd").seesEnd();
        server.setFaults(FaultPlan.none());
    }

    /** Controls of connections. */
    private static void controls(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder().recording().eventLoops(2));
        PlainClient first = run.connect(server).echoes("a");
        PlainClient second = run.connect(server).echoes("a");
        run.attempt("freeze", server::freeze);
        run.repeat("unfreeze", server::unfreeze);
        first.echoes("b");
        run.attempt("setFaultsOfAll", () -> server.setFaultsOfAll(FaultPlan.parse("fragment 1")));
        second.echoes("b");
        run.repeat("setFaultsOfAll", () -> server.setFaultsOfAll(FaultPlan.none()));
        first.echoes("c").ends();
        second.echoes("c").ends();
        run.attempt("acceptPending", server::acceptPending);
        run.attempt("catchUp", () -> server.catchUp(Duration.ofSeconds(5)));
        PlainClient third = run.connect(server).echoes("d");
        if (run.attempt("resetConnections", server::resetConnections)) {
            third.isReset("");
        }
        third.close();
        PlainClient fourth = run.connect(server).echoes("e");
        if (run.attempt("closeConnections", server::closeConnections)) {
            fourth.seesEnd();
        }
        fourth.close();
    }

    /** Controls of the ports. */
    private static void ports(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder().addresses("127.0.0.1:0", "[::1]:0", "unix:"));
        PlainClient first = run.connect(server).echoes("a");
        if (run.attempt("refuse", server::refuse)) {
            checkRefuses(server);
        }
        first.echoes("b");
        run.repeat("resume", server::resume);
        run.connect(server.addresses().get(1)).echoes("c").ends();
        first.echoes("d").ends();
        run.attempt("refuse", () -> server.refuse(SHORT));
        awaitAccepts(server);
        PlainClient last = run.connect(server).echoes("e");
        if (run.attempt("restart", () -> server.restart(SHORT))) {
            last.isReset("");
        }
        last.close();
        awaitAccepts(server);
    }

    private static void checkRefuses(EchoServer server) throws IOException {
        try (Socket socket = PlainSockets.connect(server.address())) {
            throw new AssertionError("is connected: " + socket);
        } catch (ConnectException refused) {
            // as it should be
        }
    }

    /** Connects until a connect succeeds, or the server has ended. */
    private static void awaitAccepts(EchoServer server) throws IOException {
        while (server.isRunning()) {
            try {
                PlainSockets.connect(server.address()).close();
                return;
            } catch (SocketException refused) { // or reset, if the socket was closed meanwhile
                Thread.onSpinWait();
            }
        }
    }

    private static void unanswered(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder());
        run.attempt("unanswered", server::unanswered);
        run.repeat("resume", server::resume);
        run.connect(server).echoes("hello").ends();
    }

    /** Connections beyond the limit, and idle ones. */
    private static void limits(Run run) throws Exception {
        EchoServer full = run.start(EchoServer.builder().maxConnections(1).recording());
        PlainClient first = run.connect(full).echoes("a");
        if (run.isUnhurt()) {
            run.connectToEnd(full);
        }
        first.echoes("b").ends();
        EchoServer idle = run.start(EchoServer.builder().idleClose(Duration.ofMillis(20)));
        run.connect(idle).echoes("a").seesEnd();
        EchoServer resets = run.start(EchoServer.builder().idleTimeout(Duration.ofMillis(20)));
        run.connect(resets).echoes("a").isReset("");
        idle.close();
        resets.close();
    }

    /** The connections of a server come to another one for a time. */
    private static void session(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder());
        run.connect(server).echoes("a").ends();
        EchoServer[] opened = {null};
        if (run.attempt("session", () -> opened[0] = server.session(Map.of("faults", "fragment 1"), SESSION))) {
            run.connect(server).echoes("b").ends();
            run.attempt("close", opened[0]::close);
        }
        run.connect(server).echoes("c").ends();
    }

    /** Where sockets cannot share a port, controls of the port are refused, and everything goes on. */
    private static void withoutReusePort(Run run) throws Exception {
        run.on(Platform.NO_REUSEPORT);
        EchoServer server = run.start(EchoServer.builder());
        PlainClient client = run.connect(server).echoes("a");
        List<Runnable> refused =
                List.of(server::refuse, () -> server.refuse(SHORT), () -> server.restart(SHORT), server::unanswered);
        for (Runnable each : refused) {
            run.attempt("control", () -> {
                try {
                    each.run();
                } catch (UnsupportedOperationException expected) {
                    return;
                }
                throw new AssertionError("is not refused");
            });
            client.echoes("b");
        }
        client.ends();
        run.warns();
    }

    /** Where no close can send an RST, the server warns once and serves. */
    private static void withoutLinger(Run run) throws Exception {
        run.on(Platform.LINGER_REFUSED);
        EchoServer server = run.start(EchoServer.builder());
        for (int i = 0; i < 3; i++) {
            run.connect(server).takesEndForReset().echoes("a").ends();
        }
        run.warns("cannot set SO_LINGER of a connection to 127.0.0.1:" + server.port()
                + ": where the system does not allow it, clients see a FIN in place of an RST");
        server.setFaults(FaultPlan.parse("reset after 1"));
        run.connect(server).sends("a").seesAnyEnd();
        server.setFaults(FaultPlan.none());
    }

    /** What the system says is shown, and decides nothing. */
    private static void withOtherMessages(Run run) throws Exception {
        run.on(Platform.OTHER_MESSAGES);
        EchoServer server = run.start(EchoServer.builder().recording());
        run.connect(server).echoes("a").resets();
        if (run.isUnhurt()) {
            checkIsReset(run, server);
        }
        run.connect(server).echoes("b").ends();
        try (ServerSocket taken = PlainSockets.listen(0)) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            fails(
                    run,
                    "cannot listen on " + address + ": Fehler 42; end what listens there",
                    () -> EchoServer.builder().addresses(address).start());
        }
        EchoServer gone = run.start(EchoServer.builder());
        int port = gone.port();
        gone.close();
        fails(run, "(Fehler 42); is a server listening there?", () -> EchoClient.connect("127.0.0.1:" + port));
        EchoServer relay = run.start(EchoServer.builder().upstream("127.0.0.1:" + port));
        run.connectToReset(relay);
    }

    private static void checkIsReset(Run run, EchoServer server) throws Exception {
        try {
            Ending ending = server.recording()
                    .connection(1)
                    .awaitEnd(Duration.ofSeconds(5))
                    .ending()
                    .orElseThrow();
            if (ending.by() != Ending.Side.CLIENT || ending.how() != Ending.How.RST) {
                throw new AssertionError(ending.toString());
            }
        } catch (AssertionError | RuntimeException failed) {
            if (run.isUnhurt()) {
                throw failed;
            }
        }
    }

    private static void fails(Run run, String message, Run.Action action) {
        try {
            action.run();
        } catch (Exception | Error failed) {
            if (run.isUnhurt() && !String.valueOf(failed.getMessage()).contains(message)) {
                throw new AssertionError("other than " + message, failed);
            }
            return;
        }
        throw new AssertionError("does not fail");
    }

    private static void unix(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder().addresses("unix:").recording());
        speaks(run, server, EchoClient.builder());
        run.attempt("refuse", server::refuse);
        run.repeat("resume", server::resume);
        speaks(run, server, EchoClient.builder());
    }

    private static void client(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder());
        speaks(run, server, EchoClient.builder());
        speaks(run, server, EchoClient.builder().recording());
    }

    private static void clientWithTls(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder().tls("self-signed"));
        speaks(run, server, EchoClient.builder().tls(server.sslContext()));
    }

    private static void speaks(Run run, EchoServer server, EchoClient.Builder options) {
        byte[] message = "a message".getBytes(StandardCharsets.US_ASCII);
        boolean isUnix = server.socketAddress() instanceof UnixDomainSocketAddress;
        EchoClient[] opened = {null};
        EchoClient.Builder builder = options.address(server.socketAddress());
        if (!run.attemptOfClient("connect", isUnix, () -> opened[0] = builder.connect())) {
            return;
        }
        EchoClient client = opened[0];
        try {
            run.attemptOfClient("conversation", isUnix, () -> {
                client.expectEcho(message);
                client.send(message);
                client.receive(message.length);
                client.expectEnd();
            });
        } finally {
            run.attempt("close", client::close);
        }
    }

    private static void http(Run run) throws Exception {
        EchoServer server = run.start(EchoServer.builder().recording().control("127.0.0.1:0"));
        EchoServer[] opened = {null};
        if (!run.attempt(
                "connect",
                () -> opened[0] = EchoServer.connect(
                        server.controlUri().orElseThrow(), server.controlToken().orElseThrow()))) {
            return;
        }
        EchoServer remote = opened[0];
        run.connect(server).echoes("a").ends();
        run.attempt("counters", remote::counters);
        run.attempt("refuse", remote::refuse);
        run.repeat("resume", remote::resume);
        run.attempt("recording", () -> remote.recording().connections());
        run.connect(server).echoes("b").ends();
        run.attempt("close", remote::close);
    }
}
