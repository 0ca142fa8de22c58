package org.echoharness.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that send records without text and without end. */
@Timeout(20)
class TlsFloodTest {

    private static final ServerTls SERVER =
            ServerTls.issued(CertificateKind.parse("tls", "self-signed"), List.of(), List.of(), null);
    private static final TlsObserver SILENT = new TlsObserver() {};
    private static final int BYTES = 1 << 16;

    /** Bytes in memory. It can refuse to take more, as a socket does whose peer does not read. */
    private static class Wire implements ByteChannel {
        final ByteBuffer in = ByteBuffer.allocate(BYTES).flip();
        final ByteBuffer out = ByteBuffer.allocate(BYTES);
        boolean isBlocked;

        @Override
        public int read(ByteBuffer into) {
            int n = Math.min(in.remaining(), into.remaining());
            into.put(into.position(), in, in.position(), n).position(into.position() + n);
            in.position(in.position() + n);
            return n;
        }

        @Override
        public int write(ByteBuffer from) {
            int n = isBlocked ? 0 : from.remaining();
            out.put(out.position(), from, from.position(), n).position(out.position() + n);
            from.position(from.position() + n);
            return n;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    /** Is full of empty records of a handshake, however often it is read. */
    private static final class EndlessWire extends Wire {
        private static final byte[] EMPTY_RECORD = HexFormat.of().parseHex("1603030000");
        private int reads;

        @Override
        public int read(ByteBuffer into) {
            if (++reads > 1000) {
                throw new AssertionError("it reads for ever");
            }
            int before = into.position();
            while (into.remaining() >= EMPTY_RECORD.length) {
                into.put(EMPTY_RECORD);
            }
            return into.position() - before;
        }
    }

    private static SSLEngine client() {
        SSLEngine engine = SERVER.clientContext().createSSLEngine("localhost", 1);
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {"TLSv1.3"});
        return engine;
    }

    @Test
    void serverTurnsToOthersDuringFloodOfEmptyRecords() throws Exception {
        turnsToOthers(SERVER.engine());
    }

    @Test
    void clientTurnsToOthersDuringFloodOfEmptyRecords() throws Exception {
        turnsToOthers(client());
    }

    private static void turnsToOthers(SSLEngine engine) throws IOException {
        TlsChannel channel = new TlsChannel(new EndlessWire(), engine, Runnable::run, SILENT);
        try {
            assertThat(channel.read(ByteBuffer.allocate(100))).isZero();
            assertThat(channel.advance()).isFalse();
        } catch (TlsException refused) { // by later JDKs
            assertThat(refused).hasMessageEndingWith("must not be zero-length");
            return;
        }
        assertThat(channel.interest(SelectionKey.OP_READ)).isEqualTo(SelectionKey.OP_READ);
    }

    /** So that an idle time-out does not end a handshake that moves. */
    @Test
    void partsOfClientHelloMove() throws Exception {
        Wire wire = new Wire();
        TlsChannel server = new TlsChannel(wire, SERVER.engine(), Runnable::run, SILENT);
        ByteBuffer hello = ByteBuffer.allocate(BYTES);
        client().wrap(ByteBuffer.allocate(0), hello);
        for (int i = 0; i < 10; i++) {
            wire.in.compact().put(hello.get(i)).flip();
            server.advance();
            assertThat(server.hasMoved()).isTrue();
            server.advance();
            assertThat(server.hasMoved()).isFalse();
        }
    }

    /** An event loop that reads on would go round and round, because an answer to the first key update is due. */
    @Test
    void clientThatDoesNotReadItsKeyUpdatesIsNotRead() throws Exception {
        SSLEngine client = client();
        Wire wire = new Wire();
        TlsChannel server = new TlsChannel(wire, SERVER.engine(), Runnable::run, SILENT);
        client.beginHandshake();
        while (client.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING || !server.advance()) {
            step(client, wire);
            server.advance();
        }
        wire.isBlocked = true;
        ByteBuffer text = ByteBuffer.allocate(100);
        for (int i = 0; i < 3; i++) {
            client.beginHandshake(); // of TLS 1.3: a key update that asks for one
            send(client, wire);
            assertThat(server.read(text)).isZero();
        }
        assertThat(server.interest(SelectionKey.OP_READ)).isEqualTo(SelectionKey.OP_WRITE);
        assertThat(server.flush()).isFalse();

        wire.isBlocked = false;
        assertThat(server.flush()).isTrue();
        assertThat(server.interest(SelectionKey.OP_READ)).isEqualTo(SelectionKey.OP_READ);
        send(client, wire, 1, 2, 3);
        while (text.position() == 0) {
            server.read(text);
        }
        assertThat(text.flip()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }

    private static void step(SSLEngine client, Wire wire) throws IOException {
        switch (client.getHandshakeStatus()) {
            case NEED_TASK -> client.getDelegatedTask().run();
            case NEED_WRAP -> send(client, wire);
            case NOT_HANDSHAKING, FINISHED -> {}
            default -> {
                wire.out.flip();
                client.unwrap(wire.out, ByteBuffer.allocate(BYTES));
                wire.out.compact();
            }
        }
    }

    private static void send(SSLEngine client, Wire wire, int... text) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(text.length);
        for (int each : text) {
            bytes.put((byte) each);
        }
        wire.in.compact();
        client.wrap(bytes.flip(), wire.in);
        wire.in.flip();
    }
}
