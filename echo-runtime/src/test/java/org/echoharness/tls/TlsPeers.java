package org.echoharness.tls;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLSocket;
import org.echoharness.Peer;

/** Servers with the JDK's own TLS sockets, which know nothing of the channels that are tested. */
public final class TlsPeers {

    public static final String V12 = "TLSv1.2";
    public static final String V13 = "TLSv1.3";

    public interface Manner {
        void treat(SSLSocket tls, Socket socket) throws IOException;
    }

    private TlsPeers() {}

    /** Returns a context with a certificate of this kind for localhost and 127.0.0.1. */
    public static SSLContext context(CertificateKind kind) throws IOException {
        List<InetAddress> loopback = List.of(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        return TlsContexts.server(CertificateAuthority.ofThisRun().issue(kind, List.of("localhost"), loopback));
    }

    /** Returns a context of a client that trusts the root of this run. */
    public static SSLContext trusting() {
        return TlsContexts.client(List.of(CertificateAuthority.ofThisRun().root()), null);
    }

    /** A server of one protocol; the handler gets the socket with TLS, and the socket below it, which it may close first. */
    public static Peer peer(SSLContext context, String protocol, Manner manner) throws IOException {
        return new Peer(socket -> {
            SSLSocket tls = layered(context, protocol, socket);
            manner.treat(tls, socket);
        });
    }

    public static SSLSocket layered(SSLContext context, String protocol, Socket socket) throws IOException {
        SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(socket, (InputStream) null, false);
        tls.setEnabledProtocols(new String[] {protocol});
        return tls;
    }

    /** Sends back what comes up to the end, and then ends too. */
    public static void echo(SSLSocket tls, Socket socket) throws IOException {
        byte[] some = new byte[8 << 10];
        for (int n = tls.getInputStream().read(some);
                n >= 0;
                n = tls.getInputStream().read(some)) {
            tls.getOutputStream().write(some, 0, n);
        }
        tls.close();
    }

    /** Reads one record, such as a ClientHello. */
    public static byte[] record(Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] header = in.readNBytes(5);
        int length = ByteBuffer.wrap(header).getShort(3);
        byte[] record = Arrays.copyOf(header, 5 + length);
        in.readFully(record, 5, length);
        return record;
    }

    /** Returns the first record that a server answers to a ClientHello. */
    public static byte[] serverHello(SSLContext context, String protocol, byte[] clientHello) throws IOException {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setEnabledProtocols(new String[] {protocol});
        engine.beginHandshake();
        ByteBuffer out = ByteBuffer.allocate(64 << 10);
        engine.unwrap(ByteBuffer.wrap(clientHello), ByteBuffer.allocate(64 << 10));
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
        SSLEngineResult result = engine.wrap(ByteBuffer.allocate(0), out);
        return Arrays.copyOf(out.array(), result.bytesProduced());
    }
}
