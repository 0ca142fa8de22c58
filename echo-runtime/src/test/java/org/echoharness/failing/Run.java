package org.echoharness.failing;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLSocket;
import org.echoharness.EchoMismatchException;
import org.echoharness.EchoServer;
import org.echoharness.ServerState;
import org.echoharness.loop.EventLoop;
import org.echoharness.memory.HeldMemory;
import org.echoharness.support.PlainSockets;

/** One run of a scenario, with one failure at most: what it starts and connects, and what must be true at its end. */
final class Run implements Closeable {

    private static final Duration LONGEST = Duration.ofSeconds(20);

    /** Ends a scenario whose server does not start, because that was made to fail. */
    @SuppressWarnings("serial")
    static final class NotStartedException extends Exception {}

    /** A call that may fail if something was made to fail. */
    interface Action {
        void run() throws Exception;
    }

    private final Failure failure;
    private final List<EchoServer> servers = new ArrayList<>();
    private final List<Closeable> resources = new ArrayList<>();
    private final List<String> lost = new CopyOnWriteArrayList<>();
    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final long held = HeldMemory.used();

    Run(Failure failure) {
        this.failure = failure;
    }

    /** Plays the scenario, closes what it has left open, and checks what must be true then. */
    void play(Scenario scenario) throws Exception {
        Calls.forgetOpen();
        Calls.fail(failure);
        try {
            scenario.play(this);
            Calls.pause(true);
            checkLost();
            for (EchoServer each : servers) {
                checkServes(each);
            }
        } catch (NotStartedException expected) {
            // nothing may be left of it
        } catch (AssertionError failed) {
            failed.addSuppressed(new Throwable("the warnings were " + warnings));
            throw failed;
        } finally {
            Calls.pause(true);
            for (Closeable each : resources) {
                each.close();
            }
            Calls.pause(false);
            close();
            Calls.fail(null);
            Calls.platform(Platform.USUAL);
        }
        checkClosed();
    }

    /** Starts a server with these options. */
    EchoServer start(EchoServer.Builder options) throws NotStartedException {
        EchoServer server;
        try {
            server = options.warnings(warnings::add).start();
        } catch (IOException | RuntimeException | Error failed) {
            checkIsExpected("the start", failed);
            throw new NotStartedException();
        }
        servers.add(server);
        return server;
    }

    /** Runs on a system that is not here. */
    void on(Platform platform) {
        Calls.platform(platform);
    }

    /** Fails unless the warnings of all servers are these, or something was made to fail. */
    void warns(String... expected) {
        if (failure.place() == null && !warnings.equals(List.of(expected))) {
            throw new AssertionError("warnings: " + warnings);
        }
    }

    /** Closes something at the end of the run. */
    <T extends Closeable> T closes(T resource) {
        resources.add(resource);
        return resource;
    }

    /** Connects a client that is closed at the end. */
    PlainClient connect(EchoServer server) {
        return connect(server.address());
    }

    /** Connects a client with TLS. */
    PlainClient connectTls(EchoServer server, String protocol) {
        try {
            SSLSocket socket =
                    (SSLSocket) server.sslContext().getSocketFactory().createSocket();
            closes(socket);
            socket.connect(server.address());
            socket.setSoTimeout((int) LONGEST.toMillis());
            socket.setEnabledProtocols(new String[] {protocol});
            socket.startHandshake();
            return closes(new PlainClient(this, socket));
        } catch (SocketTimeoutException late) {
            throw new AssertionError("no handshake", late);
        } catch (IOException gone) {
            lose("handshake: " + gone);
            return closes(new PlainClient(this, null));
        }
    }

    /** Connects, and is reset before or after the connect returns. */
    void connectToReset(EchoServer server) {
        PlainClient client;
        try {
            client = closes(new PlainClient(this, plain(server.address())));
        } catch (IOException reset) {
            return;
        }
        client.isReset("");
    }

    /** Connects, and sees an end of any kind before or after the connect returns. */
    void connectToEnd(EchoServer server) {
        PlainClient client;
        try {
            client = closes(new PlainClient(this, plain(server.address())));
        } catch (IOException reset) {
            return;
        }
        client.seesAnyEnd();
    }

    private static Socket plain(SocketAddress address) throws IOException {
        Socket socket = PlainSockets.connect((InetSocketAddress) address);
        socket.setSoTimeout((int) LONGEST.toMillis());
        return socket;
    }

    PlainClient connect(SocketAddress address) {
        try {
            return closes(new PlainClient(this, plain(address)));
        } catch (IOException refused) {
            lose("connect: " + refused);
            return closes(new PlainClient(this, null));
        }
    }

    /** Makes a call that may fail if something was made to fail. Returns whether it has succeeded. */
    boolean attempt(String what, Action action) {
        try {
            action.run();
            return true;
        } catch (Exception | Error failed) {
            checkIsExpected(what, failed);
            return false;
        }
    }

    /** Makes a call that may fail if something was made to fail, but not more often. */
    void repeat(String what, Action action) {
        boolean isDone = false;
        for (int i = 0; i < Math.max(1, failure.kind().most()) && !isDone; i++) {
            isDone = attempt(what, action);
        }
        if (!isDone) {
            try {
                action.run();
            } catch (Exception | Error failed) {
                if (!isStopped(failed)) {
                    throw new AssertionError(what + " fails again", failed);
                }
            }
        }
    }

    /**
     * Makes a call of a client of the runtime, which may lose its connection. At a Unix socket, which has no reset, that may be
     * an early end. Returns whether it has succeeded.
     */
    boolean attemptOfClient(String what, boolean isUnix, Action action) {
        try {
            action.run();
            return true;
        } catch (SocketTimeoutException | EchoMismatchException wrong) {
            throw new AssertionError(what, wrong);
        } catch (EOFException early) {
            if (!isUnix) {
                throw new AssertionError(what, early);
            }
            lose(what + ": " + early);
        } catch (IOException gone) {
            lose(what + ": " + gone);
        } catch (Exception | Error failed) {
            checkIsExpected(what, failed);
            lose(what + ": " + failed);
        }
        return false;
    }

    private void checkIsExpected(String what, Throwable failed) {
        if (!isStopped(failed) && !Failure.isCauseOf(failed)) {
            throw new AssertionError(what + " fails for another reason; warnings: " + warnings, failed);
        }
    }

    private boolean isStopped(Throwable failed) {
        return failed instanceof IllegalStateException
                && String.valueOf(failed.getMessage()).startsWith("the server is not running")
                && mayStop();
    }

    /** Notes that a client was refused or reset, or has lost its connection in another way that it can notice. */
    void lose(String how) {
        lost.add(how);
    }

    boolean hasLost() {
        return !lost.isEmpty();
    }

    /** Returns whether nothing has failed so far. */
    boolean isUnhurt() {
        return failure.place() == null;
    }

    /** Returns whether the failure may end a server: one of its selector, which all of its connections share. */
    private boolean mayStop() {
        return failure.kind().most() > 0
                && failure.places().stream().anyMatch(each -> each.on() instanceof FailingSelector);
    }

    /** Waits for the ends of the event loops that the failure ends: it was in their turns, and in no connection. */
    private void awaitFailedLoops() throws InterruptedException {
        for (Failure.Place each : failure.places()) {
            if (mayStop() && isTurn(each)) {
                each.thread().join(LONGEST.toMillis());
            }
        }
    }

    private static boolean isTurn(Failure.Place place) {
        List<String> methods = Arrays.stream(place.trace().getStackTrace())
                .map(line -> line.getClassName() + "." + line.getMethodName())
                .toList();
        return place.call() == Operation.SELECT
                && methods.contains(EventLoop.class.getName() + ".turn")
                && !methods.contains(EventLoop.class.getName() + ".runTasks");
    }

    private void checkLost() {
        int allowed =
                mayStop() ? Integer.MAX_VALUE : isUnhurt() ? 0 : failure.kind().most();
        if (lost.size() > allowed) {
            throw new AssertionError("lost connections: " + lost + "; warnings: " + warnings);
        }
    }

    /** Checks that a server goes on, unless its selector has failed, and that it holds nothing for connections that have ended. */
    private void checkServes(EchoServer server) throws Exception {
        awaitFailedLoops();
        if (!server.isRunning()) {
            if (server.failure().isPresent()
                    && !(mayStop() && Failure.isCauseOf(server.failure().get()))) {
                throw new AssertionError(
                        "the server has failed", server.failure().get());
            }
            return;
        }
        for (Closeable each : resources) {
            if (each instanceof PlainClient client) {
                client.close();
            }
        }
        if (server.echoes() && !ServerState.tcpAddresses(server).isEmpty()) {
            PlainClient last = server.speaksTls() ? connectTls(server, "TLSv1.3") : connect(server);
            int before = lost.size();
            last.echoes("are you there?").ends();
            if (lost.size() > before) {
                throw new AssertionError("serves no further client: " + lost);
            }
        }
        String left = ServerState.awaitIdle(server, LONGEST);
        if (!left.isEmpty()) {
            throw new AssertionError("left by connections that have ended: " + left);
        }
    }

    @Override
    public void close() {
        for (EchoServer each : servers) {
            each.close();
        }
    }

    private void checkClosed() throws IOException {
        for (String each : warnings) {
            if (each.contains("did not end within")) {
                throw new AssertionError(each);
            }
        }
        for (EchoServer each : servers) {
            if (each.isRunning()) {
                throw new AssertionError("is running after close()");
            }
            for (InetSocketAddress address : ServerState.tcpAddresses(each)) {
                checkIsFree(address.getPort());
            }
        }
        List<Throwable> open = Calls.open();
        if (!open.isEmpty()) {
            AssertionError leak = new AssertionError(open.size() + " channels or selectors are open");
            open.forEach(leak::addSuppressed);
            throw leak;
        }
        if (HeldMemory.used() != held) {
            throw new AssertionError(HeldMemory.used() - held + " bytes are held");
        }
    }

    /** Binds a port. For a moment, a client of another process may have it, as the kernel has picked it. */
    private static void checkIsFree(int port) throws IOException {
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (true) {
            try {
                PlainSockets.listen(port).close();
                return;
            } catch (BindException taken) {
                if (System.nanoTime() - deadline > 0) {
                    throw taken;
                }
            }
        }
    }
}
