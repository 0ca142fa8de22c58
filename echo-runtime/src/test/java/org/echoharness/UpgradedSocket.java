package org.echoharness;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** A client that changes over from clear text to TLS, with the JDK's blocking socket. */
final class UpgradedSocket {

    private UpgradedSocket() {}

    /** Returns a socket of TLS over this one, which checks that the certificate is for localhost. The handshake is to come. */
    static SSLSocket over(Socket clear, SSLContext context, String... protocols) throws IOException {
        SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(clear, "localhost", clear.getPort(), true);
        socket.setSoTimeout(60_000);
        checkHost(socket, protocols);
        return socket;
    }

    /** Makes a socket check that the certificate is for its host, and sets its protocols if there are any. */
    static void checkHost(SSLSocket socket, String... protocols) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        if (protocols.length > 0) {
            parameters.setProtocols(protocols);
        }
        socket.setSSLParameters(parameters);
    }

    /**
     * Returns a view of a socket that sends a text together with the first bytes that are written, and leaves out the first
     * bytes that are read.
     */
    static Socket pipelining(Socket socket, String first, int leftOut) throws IOException {
        OutputStream out = new Prefixed(socket.getOutputStream(), first);
        InputStream in = new Shortened(socket.getInputStream(), leftOut);
        return new View(socket, in, out);
    }

    private static final class Prefixed extends FilterOutputStream {
        private byte[] prefix;

        Prefixed(OutputStream to, String prefix) {
            super(to);
            this.prefix = prefix.getBytes(StandardCharsets.ISO_8859_1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            byte[] all = Arrays.copyOf(prefix, prefix.length + count);
            System.arraycopy(bytes, from, all, prefix.length, count);
            prefix = new byte[0];
            out.write(all);
        }
    }

    private static final class Shortened extends FilterInputStream {
        private int leftOut;

        Shortened(InputStream from, int leftOut) {
            super(from);
            this.leftOut = leftOut;
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            in.readNBytes(leftOut);
            leftOut = 0;
            return in.read(into, from, count);
        }
    }

    private static final class View extends Socket {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        View(Socket socket, InputStream in, OutputStream out) {
            this.socket = socket;
            this.in = in;
            this.out = out;
        }

        @Override
        public InputStream getInputStream() {
            return in;
        }

        @Override
        public OutputStream getOutputStream() {
            return out;
        }

        @Override
        public boolean isConnected() {
            return true;
        }

        @Override
        public int getPort() {
            return socket.getPort();
        }

        @Override
        public InetAddress getInetAddress() {
            return socket.getInetAddress();
        }

        @Override
        public synchronized void setSoTimeout(int millis) throws SocketException {
            socket.setSoTimeout(millis);
        }

        @Override
        public void shutdownOutput() throws IOException {
            if (!socket.isOutputShutdown()) {
                socket.shutdownOutput();
            }
        }

        @Override
        public synchronized void close() throws IOException {
            socket.close();
        }
    }
}
