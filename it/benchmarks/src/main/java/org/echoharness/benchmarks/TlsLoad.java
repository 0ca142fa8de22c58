package org.echoharness.benchmarks;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** The load over TLS: a client of the JDK's engine that trusts any certificate, and resumes no session. */
final class TlsLoad {

    private static final int RECORD = 17 << 10;
    private static final SSLContext CONTEXT = context();

    private final SocketChannel channel;
    private final SSLEngine engine = CONTEXT.createSSLEngine();
    private final ByteBuffer in = ByteBuffer.allocate(64 << 10).flip();
    private final ByteBuffer out = ByteBuffer.allocate(64 << 10).flip();
    private int read; // of the message

    private TlsLoad(InetSocketAddress server) throws IOException {
        channel = SocketChannel.open(server);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {"TLSv1.3"});
        handshake();
    }

    /** Sends the message on each connection, and again as soon as it has come back. */
    static void ping(Load load, InetSocketAddress server, int connections, int size) throws IOException {
        List<TlsLoad> clients = open(server, connections);
        ByteBuffer message = Load.line("PING ", size);
        ByteBuffer text = ByteBuffer.allocate(RECORD);
        try (Selector selector = Selector.open()) {
            for (TlsLoad each : clients) {
                each.register(selector, SelectionKey.OP_READ);
                each.write(message.clear());
            }
            long began = System.nanoTime();
            while (load.goesOn(began, System.nanoTime())) {
                selector.select(key -> {
                    TlsLoad client = (TlsLoad) key.attachment();
                    try {
                        client.read += client.read(text.clear());
                        if (client.read >= size) {
                            Load.checkEnd(text, text.position());
                            client.read = 0;
                            load.done(1);
                            client.write(message.clear());
                        }
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
            }
            close(clients);
        }
    }

    static void bulk(Load load, InetSocketAddress server, int connections) throws IOException {
        List<TlsLoad> clients = open(server, connections);
        ByteBuffer message = ByteBuffer.allocate(48 << 10);
        ByteBuffer text = ByteBuffer.allocate(64 << 10);
        try (Selector selector = Selector.open()) {
            for (TlsLoad each : clients) {
                each.register(selector, SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            }
            long began = System.nanoTime();
            while (load.goesOn(began, System.nanoTime())) {
                selector.select(key -> {
                    TlsLoad client = (TlsLoad) key.attachment();
                    try {
                        if (key.isReadable()) {
                            load.done(client.read(text.clear()));
                        }
                        if (key.isWritable()) {
                            client.write(message.clear());
                        }
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
            }
            close(clients);
        }
    }

    /** Makes a full handshake, and leaves at once. */
    static void connect(Load load, InetSocketAddress server) throws IOException {
        ByteBuffer message = ByteBuffer.allocate(42);
        ByteBuffer text = ByteBuffer.allocate(RECORD);
        long began = System.nanoTime();
        while (load.goesOn(began, System.nanoTime())) {
            TlsLoad client = new TlsLoad(server);
            client.write(message.clear());
            int n = 0;
            while (n < message.capacity()) {
                n += client.read(text.clear());
            }
            close(List.of(client));
            load.done(1);
        }
    }

    private static List<TlsLoad> open(InetSocketAddress server, int connections) throws IOException {
        List<TlsLoad> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            clients.add(new TlsLoad(server));
        }
        return clients;
    }

    private static void close(List<TlsLoad> clients) throws IOException {
        for (TlsLoad each : clients) {
            each.channel.close();
        }
    }

    private void register(Selector selector, int interest) throws IOException {
        channel.configureBlocking(false);
        channel.register(selector, interest, this);
    }

    private void handshake() throws IOException {
        ByteBuffer text = ByteBuffer.allocate(RECORD);
        engine.beginHandshake();
        HandshakeStatus status = engine.getHandshakeStatus();
        while (status != HandshakeStatus.FINISHED && status != HandshakeStatus.NOT_HANDSHAKING) {
            switch (status) {
                case NEED_TASK -> {
                    engine.getDelegatedTask().run();
                    status = engine.getHandshakeStatus();
                }
                case NEED_WRAP -> {
                    out.clear();
                    status = engine.wrap(ByteBuffer.allocate(0), out).getHandshakeStatus();
                    channel.write(out.flip());
                }
                default -> {
                    SSLEngineResult result = engine.unwrap(in, text);
                    status = result.getHandshakeStatus();
                    if (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                        fill();
                    }
                }
            }
        }
    }

    private int fill() throws IOException {
        in.compact();
        int n = channel.read(in);
        in.flip();
        if (n < 0) {
            throw new IOException("the server ended the connection");
        }
        return n;
    }

    /** Reads what has come. Returns how many bytes of text. */
    private int read(ByteBuffer text) throws IOException {
        int before = text.position();
        fill();
        while (in.hasRemaining()) {
            SSLEngineResult result = engine.unwrap(in, text);
            if (result.getStatus() != SSLEngineResult.Status.OK) {
                break;
            }
        }
        return text.position() - before;
    }

    /** Sends the text unless earlier records still wait. */
    private void write(ByteBuffer text) throws IOException {
        if (!out.hasRemaining()) {
            out.clear();
            while (text.hasRemaining() && out.remaining() >= RECORD) {
                engine.wrap(text, out);
            }
            out.flip();
        }
        channel.write(out);
    }

    private static SSLContext context() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new AnyCertificate()}, null);
            return context;
        } catch (GeneralSecurityException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Trusts any certificate, since the load measures the server alone. */
    private static final class AnyCertificate extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
