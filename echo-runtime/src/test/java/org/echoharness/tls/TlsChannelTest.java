package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two channels that talk over memory: in pieces of any size, cut at any byte, and with failures at any call. */
@Timeout(60)
class TlsChannelTest {

    private static final ServerTls SERVER =
            ServerTls.issued(CertificateKind.parse("tls", "self-signed"), List.of(), List.of(), null);
    private static final int MOST_ROUNDS = 200_000;

    /** One direction: bytes that were written and not read, of which it holds a limited number. */
    private static final class Pipe {
        private final ByteBuffer held = ByteBuffer.allocate(1 << 16).flip();
        private final Random random;
        private int left = Integer.MAX_VALUE; // bytes that it carries before it ends
        private boolean isEnded;

        Pipe(Random random) {
            this.random = random;
        }

        int read(ByteBuffer into) {
            if (!held.hasRemaining()) {
                return isEnded || left == 0 ? -1 : 0;
            }
            int n = Math.min(into.remaining(), 1 + random.nextInt(held.remaining()));
            into.put(into.position(), held, held.position(), n).position(into.position() + n);
            held.position(held.position() + n);
            return n;
        }

        int write(ByteBuffer from) {
            held.compact();
            int n = Math.min(Math.min(from.remaining(), held.remaining()), random.nextInt(20_000));
            int taken = Math.min(n, left); // what comes after the cut is lost
            held.put(held.position(), from, from.position(), taken).position(held.position() + taken);
            from.position(from.position() + n);
            left -= taken;
            held.flip();
            return n;
        }
    }

    /** One end of two pipes, which fails at one of its calls. */
    private static final class Wire implements ByteChannel {
        private final Pipe in;
        private final Pipe out;
        private int callsToFailure = Integer.MAX_VALUE;

        Wire(Pipe in, Pipe out) {
            this.in = in;
            this.out = out;
        }

        private void call() throws IOException {
            if (--callsToFailure == 0) {
                throw new IOException("Connection reset");
            }
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            call();
            return in.read(into);
        }

        @Override
        public int write(ByteBuffer from) throws IOException {
            call();
            return out.write(from);
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    /** A client that sends a message and then ends its output, and a server that echoes it and then ends its own. */
    private static final class Talk {
        final Random random;
        final Pipe toServer;
        final Pipe toClient;
        final Wire clientWire;
        final Wire serverWire;
        final TlsChannel client;
        final TlsChannel server;
        final ByteBuffer message;
        final ByteBuffer echoed;
        final ByteBuffer held = ByteBuffer.allocate(32 << 10).flip();
        boolean clientEnded;
        boolean serverSawEnd;
        boolean serverEnded;
        boolean clientSawEnd;

        Talk(String protocol, long seed, int size) {
            random = new Random(seed);
            toServer = new Pipe(random);
            toClient = new Pipe(random);
            clientWire = new Wire(toClient, toServer);
            serverWire = new Wire(toServer, toClient);
            SSLEngine engine = SERVER.clientContext().createSSLEngine("localhost", 1);
            engine.setUseClientMode(true);
            engine.setEnabledProtocols(new String[] {protocol});
            TlsObserver silent = new TlsObserver() {};
            client = new TlsChannel(clientWire, engine, Runnable::run, silent);
            server = new TlsChannel(serverWire, SERVER.engine(), Runnable::run, silent);
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            message = ByteBuffer.wrap(bytes);
            echoed = ByteBuffer.allocate(size + 1);
        }

        void run() throws IOException {
            for (int round = 0; !clientSawEnd; round++) {
                if (round > MOST_ROUNDS) {
                    throw new AssertionError("neither goes on: " + this);
                }
                client();
                server();
            }
        }

        void client() throws IOException {
            if (message.hasRemaining()) {
                int most = Math.min(message.remaining(), 1 + random.nextInt(20_000));
                int n = client.write(message.slice(message.position(), most));
                message.position(message.position() + n);
            } else if (!clientEnded) {
                clientEnded = client.advance() && client.endOutput();
                toServer.isEnded = clientEnded;
            }
            client.flush();
            int n = client.read(echoed);
            clientSawEnd |= n < 0;
        }

        void server() throws IOException {
            if (!serverSawEnd) {
                held.compact();
                int n = server.read(held);
                held.flip();
                serverSawEnd |= n < 0;
            }
            if (held.hasRemaining()) {
                server.write(held);
            } else if (serverSawEnd && !serverEnded) {
                serverEnded = server.endOutput();
                toClient.isEnded = serverEnded;
            }
            server.flush();
        }

        byte[] echo() {
            return Arrays.copyOf(echoed.array(), echoed.position());
        }

        @Override
        public String toString() {
            return message.position() + " sent, " + echoed.position() + " echoed, ends " + clientEnded + serverSawEnd
                    + serverEnded + clientSawEnd;
        }
    }

    /** It takes time, which would be added to that of the client if it waited for its ClientHello. */
    @Test
    void preparesForHandshakeBeforeClientSpeaks() throws Exception {
        SSLEngine engine = SERVER.engine();
        Pipe silent = new Pipe(new Random(1));
        TlsChannel server = new TlsChannel(new Wire(silent, silent), engine, Runnable::run, new TlsObserver() {});
        assertThat(server.advance()).isFalse();
        assertThat(engine.getHandshakeStatus()).isEqualTo(HandshakeStatus.NEED_UNWRAP);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void carriesTextInPiecesOfAnySize(String protocol) throws Exception {
        for (long seed = 0; seed < 30; seed++) {
            Talk talk = new Talk(protocol, seed, new Random(seed).nextInt(seed % 10 == 0 ? 300_000 : 3_000));
            try {
                talk.run();
            } catch (IOException failed) {
                throw new AssertionError("seed " + seed, failed);
            }
            assertThat(talk.echo()).as("seed " + seed).isEqualTo(talk.message.array());
        }
    }

    /** Text waits in the channel then, also if the end has come behind it. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void readWithoutRoomIsNotTheEnd(String protocol) throws Exception {
        Talk talk = new Talk(protocol, 1, 500);
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        for (int n = 0, round = 0; n >= 0; round++) {
            assertThat(round).isLessThan(MOST_ROUNDS);
            talk.client();
            ByteBuffer into = ByteBuffer.allocate(round % 3 == 0 ? 7 : 0);
            n = talk.server.read(into);
            received.write(into.array(), 0, into.position());
            talk.server.flush();
        }
        assertThat(received.toByteArray()).isEqualTo(talk.message.array());
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void cutOfClientIsNeverCleanEnd(String protocol) throws Exception {
        cut(protocol, "the client", talk -> talk.toServer, 17);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void cutOfServerIsNeverCleanEnd(String protocol) throws Exception {
        cut(protocol, "the server", talk -> talk.toClient, 29);
    }

    /** Cuts one direction after more and more bytes, until the cut is after its end. */
    private static void cut(String protocol, String side, Function<Talk, Pipe> direction, int step) throws IOException {
        for (int cut = 1; ; cut += 1 + cut % step) {
            Talk talk = new Talk(protocol, 1, 5);
            direction.apply(talk).left = cut;
            try {
                talk.run();
                assertThat(talk.echo()).isEqualTo(talk.message.array());
                return;
            } catch (TlsException truncated) {
                assertThat(truncated)
                        .as("after " + cut + " bytes")
                        .hasMessageMatching(side + " ended the connection (during the TLS handshake"
                                + "|without a close_notify, so that the text may be truncated)");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void failureOfAnyCallReachesCaller(String protocol) throws Exception {
        int calls = 0;
        while (true) {
            Talk talk = new Talk(protocol, 3, 20_000);
            talk.serverWire.callsToFailure = ++calls;
            try {
                talk.run();
                assertThat(calls).isGreaterThan(10);
                return;
            } catch (IOException failed) {
                assertThat(failed).hasMessage("Connection reset");
            }
        }
    }
}
