package org.echoharness;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.echoharness.memory.MessageInput;
import org.echoharness.sockets.ClientDeadline;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.text.Quantities;
import org.echoharness.tls.ClientTls;
import org.echoharness.tls.TlsClientChannel;
import org.echoharness.tls.TlsTrust;
import org.jspecify.annotations.Nullable;

/**
 * A connected client, of TCP or of a Unix socket, whose every wait has a deadline, and whose errors say what was awaited and what was seen.
 *
 * <pre>{@code
 * try (EchoClient client = EchoClient.connect(server.address())) {
 *     byte[] back = client.echo("hello".getBytes(UTF_8));
 * }
 * }</pre>
 *
 * <p>One thread may send while another receives. {@link #echo} does both at once on the thread that calls it, so it
 * does not block forever, whatever the sizes of message and buffers. The read time-out bounds each wait for progress: a
 * call may take longer as long as bytes move, unless {@link Builder#timeout} limits it. Any thread may call {@link
 * #close}, which ends the waits of other threads.
 */
public final class EchoClient implements AutoCloseable {

    /** The message that the command line and the {@code client} goal send if none is given: 42 bytes. */
    public static final String DEFAULT_MESSAGE = "This is the message.  It will be repeated.";

    private final ClientSocket socket;
    private final @Nullable RecordingStore recordings;
    private final Map<InetSocketAddress, IOException> failedCandidates;

    private EchoClient(
            ClientSocket socket, @Nullable RecordingStore recordings, Map<InetSocketAddress, IOException> failed) {
        this.socket = socket;
        this.recordings = recordings;
        failedCandidates = Collections.unmodifiableMap(failed);
    }

    /**
     * Returns a builder with every option at its default.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Connects with every option at its default.
     *
     * @param address the server's address, such as {@link EchoServer#socketAddress()}; a wildcard stands for loopback
     * @return a connected client
     * @throws IOException as {@link Builder#connect} says
     */
    public static EchoClient connect(SocketAddress address) throws IOException {
        return builder().address(address).connect();
    }

    /**
     * Connects with every option at its default.
     *
     * @param address the server's address: {@code host:port}, {@code [v6]:port} or {@code unix:PATH}
     * @return a connected client
     * @throws IllegalArgumentException if the text is no address
     * @throws IOException as {@link Builder#connect} says
     */
    public static EchoClient connect(String address) throws IOException {
        return builder().address(address).connect();
    }

    /**
     * Sends the message, reads back as many bytes while it sends, and returns them unchecked; {@link
     * #expectEcho(byte[])} checks them.
     *
     * @param message the bytes to send, of any number
     * @return the bytes that came back, as many as were sent
     * @throws EOFException if the stream ends before that; the message says after how many bytes
     * @throws SocketTimeoutException if nothing moves for the read time-out
     * @throws SocketException if the connection is reset or closed
     * @throws IOException if the system reports another failure
     */
    public byte[] echo(byte[] message) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(message.length);
        socket.exchange(Exchange.of(message, in, message.length));
        return in.array();
    }

    /**
     * Sends the message and checks that exactly the same bytes come back. This call does not wait for further bytes. If
     * some have come with the echo, it fails. If some come later, the next call of {@code echo}, {@code expectEcho} or
     * {@link #close} fails, provided that the client has neither sent nor received anything in between. {@link
     * #expectEnd} waits for them.
     *
     * @param message the bytes to send
     * @throws EchoMismatchException if other bytes come back, or more
     * @throws IOException as {@link #echo} says
     */
    public void expectEcho(byte[] message) throws IOException {
        expectEcho(message, message, "were sent");
    }

    /**
     * Sends the message and checks that exactly the expected bytes come back. Further bytes fail a call as {@link
     * #expectEcho(byte[])} says.
     *
     * @param message the bytes to send
     * @param expected the bytes to come back
     * @throws EchoMismatchException if other bytes come back, or more; it names the first offset that differs
     * @throws IOException as {@link #echo} says
     */
    public void expectEcho(byte[] message, byte[] expected) throws IOException {
        expectEcho(message, expected, Arrays.equals(message, expected) ? "were sent" : "were expected");
    }

    private void expectEcho(byte[] message, byte[] expected, String than) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(expected.length + Exchange.SURPLUS);
        socket.exchange(Exchange.of(message, in, expected.length));
        EchoMismatchException.throwIfDifferent(
                ByteBuffer.wrap(expected), ByteBuffer.wrap(in.array(), 0, expected.length), 0);
        EchoMismatchException more = socket.surplus(in.flip().position(expected.length), than);
        if (more != null) {
            throw more;
        }
        socket.echoIsChecked(than, expected.length);
    }

    /**
     * Sends a message of any length and checks that exactly the expected bytes come back. Neither is held in memory: to
     * send a file, open it twice. The calling thread reads both streams, sends what it reads at once, and does not
     * close them. The time-out of the call is checked between two reads; it does not end a read that blocks. Further
     * bytes fail a call as {@link #expectEcho(byte[])} says.
     *
     * @param message the bytes to send, up to the end of the stream
     * @param expected the bytes to come back, up to the end of the stream
     * @throws EchoMismatchException if other bytes come back, or more; it names the first offset that differs
     * @throws IOException as {@link #echo} says, or if a stream cannot be read
     */
    public void expectEcho(InputStream message, InputStream expected) throws IOException {
        Exchange exchange = Exchange.of(message, expected);
        socket.exchange(exchange);
        socket.echoIsChecked("were expected", exchange.echoed);
    }

    /**
     * Sends what can be read from the stream, as soon as it is there, and checks that exactly the same bytes come back.
     * A daemon thread reads the stream, a few pieces ahead of the client, and closes it; so the stream may block, as a
     * pipe does. Only {@link Builder#timeout} limits a wait for the stream. This call never waits for that thread:
     * after a failure, a read that blocks goes on until it returns. Further bytes fail a call as {@link
     * #expectEcho(byte[])} says.
     *
     * @param message the bytes to send, up to the end of the stream
     * @throws EchoMismatchException if other bytes come back, or more; it names the first offset that differs
     * @throws IOException as {@link #echo} says, or if the stream cannot be read
     */
    public void expectEcho(InputStream message) throws IOException {
        try (MessageInput input = MessageInput.reading(message)) {
            Exchange exchange = Exchange.of(input);
            socket.exchange(exchange);
            socket.echoIsChecked("were sent", exchange.echoed);
        }
    }

    /**
     * Ends the output with a FIN, as {@link #shutdownOutput} does, and checks that the peer ends its own with nothing
     * more.
     *
     * @throws EchoMismatchException if bytes come; it counts those that come within the read time-out after the first,
     *     up to 65,536 (64 KiB)
     * @throws SocketTimeoutException if the peer neither sends nor ends its output for the read time-out
     * @throws SocketException if the connection is reset or closed
     * @throws IOException if the system reports another failure
     */
    public void expectEnd() throws IOException {
        socket.expectEnd(null);
    }

    /**
     * Does what {@link #expectEnd()} does, but does not fail if the peer neither sends nor ends its output.
     *
     * @param most the longest wait for the end of the peer's output or for a byte; the read time-out applies if it is
     *     shorter
     * @return whether the peer has ended its output
     * @throws IOException as {@link #expectEnd()} says
     */
    public boolean expectEnd(Duration most) throws IOException {
        return socket.expectEnd(most);
    }

    /**
     * Sends bytes and returns when the kernel has taken all of them. If the peer does not read, this call waits. To
     * send an echo server more than the socket buffers hold, use {@link #echo}, or receive in another thread.
     *
     * @param bytes the bytes to send
     * @throws SocketTimeoutException if the peer takes nothing for the read time-out
     * @throws SocketException if the connection is reset or closed
     * @throws IOException if the system reports another failure
     */
    public void send(byte[] bytes) throws IOException {
        socket.send(bytes);
    }

    /**
     * Waits for bytes and reads once, at most {@link Builder#bufferSize} bytes.
     *
     * @return the bytes that came; an empty array at the end of the stream
     * @throws SocketTimeoutException if nothing comes for the read time-out
     * @throws SocketException if the connection is reset or closed
     * @throws IOException if the system reports another failure
     */
    public byte[] receive() throws IOException {
        ByteBuffer in = ByteBuffer.allocate(socket.bufferSize());
        socket.readSome(in, "anything", 0, socket.deadline());
        return Arrays.copyOf(in.array(), in.position());
    }

    /**
     * Reads exactly this number of bytes.
     *
     * @param bytes how many to read
     * @return the bytes
     * @throws EOFException if the stream ends before that; the message says after how many bytes
     * @throws SocketTimeoutException if nothing comes for the read time-out
     * @throws SocketException if the connection is reset or closed
     * @throws IOException if the system reports another failure
     */
    public byte[] receive(int bytes) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(bytes);
        ClientDeadline deadline = socket.deadline();
        while (in.hasRemaining()) {
            if (!socket.readSome(in, bytes + " bytes", 0, deadline)) {
                throw socket.ended(in.position() + " of " + bytes + " bytes received");
            }
        }
        return in.array();
    }

    /**
     * Reads until the peer ends its output.
     *
     * @return all the bytes that came
     * @throws SocketTimeoutException if nothing comes for the read time-out
     * @throws SocketException if the connection is reset or closed
     * @throws IOException if the system reports another failure
     */
    public byte[] receiveToEnd() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer in = ByteBuffer.allocate(socket.bufferSize());
        ClientDeadline deadline = socket.deadline();
        while (socket.readSome(in, "the end of the stream", all.size(), deadline)) {
            all.write(in.array(), 0, in.position());
            in.clear();
        }
        return all.toByteArray();
    }

    /**
     * Ends the output with a FIN and leaves the input open (half-close: RFC 9293, section 3.6). With TLS, a close_notify
     * precedes the FIN (RFC 8446, section 6.1).
     *
     * @throws IOException if the connection is closed or reset
     */
    public void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    /**
     * Returns the protocol family of the connection.
     *
     * @return {@link StandardProtocolFamily#INET}, {@link StandardProtocolFamily#INET6} or {@link
     *     StandardProtocolFamily#UNIX}
     */
    public ProtocolFamily family() {
        if (!(socket.remote() instanceof InetSocketAddress inet)) {
            return StandardProtocolFamily.UNIX;
        }
        return inet.getAddress().getAddress().length == 4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
    }

    /**
     * Returns the address of this end of the connection.
     *
     * @return a numeric address and port
     * @throws IllegalStateException if the client is connected to a Unix socket; call {@link #localSocketAddress}
     */
    public InetSocketAddress localAddress() {
        return HostAndPort.inet(socket.local(), "the client", "localSocketAddress()");
    }

    /**
     * Returns the address of this end of the connection, of TCP or of a Unix socket.
     *
     * @return an {@link InetSocketAddress}, or a {@link java.net.UnixDomainSocketAddress} with an empty path
     * @since 0.1.0
     */
    public SocketAddress localSocketAddress() {
        return socket.local();
    }

    /**
     * Returns the address of the other end of the connection: the candidate that accepted.
     *
     * @return a numeric address and port
     * @throws IllegalStateException if the client is connected to a Unix socket; call {@link #remoteSocketAddress}
     */
    public InetSocketAddress remoteAddress() {
        return HostAndPort.inet(socket.remote(), "the client", "remoteSocketAddress()");
    }

    /**
     * Returns the address of the other end of the connection, of TCP or of a Unix socket.
     *
     * @return an {@link InetSocketAddress}, or a {@link java.net.UnixDomainSocketAddress}
     * @since 0.1.0
     */
    public SocketAddress remoteSocketAddress() {
        return socket.remote();
    }

    /**
     * Returns the candidate addresses that failed before {@link #remoteAddress()} accepted.
     *
     * @return none for a Unix socket; otherwise an unmodifiable map of each address to its failure, in the order of the attempts
     */
    public Map<InetSocketAddress, IOException> failedCandidates() {
        return failedCandidates;
    }

    /**
     * Returns what happened on this connection, as this end saw it: {@code recording().connection(1)}. {@link
     * RecordingComparison} compares it with what the server recorded.
     *
     * <p>{@link #close} is recorded as a FIN or, if received bytes were not read, as the RST that the kernel sends in
     * that case (RFC 1122, section 4.2.2.13).
     *
     * @return the recording, which grows while the client is used
     * @throws IllegalStateException if recording is off
     */
    public Recording recording() {
        if (recordings == null) {
            throw new IllegalStateException("recording is off; call recording() on the builder of the client");
        }
        return new Recording(recordings);
    }

    /**
     * Closes the connection; calls after the first do nothing. With TLS, it sends a close_notify and a FIN, unless
     * received bytes were not read, and reads until the server ends too, for at most 250 ms or the read time-out.
     *
     * @throws EchoMismatchException if the last call that sent or received was an {@code expectEcho} and bytes have
     *     come since; the connection is closed all the same
     * @throws IOException if the system reports a failure
     */
    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** Returns both ends of the connection in words; the form may change. */
    @Override
    public String toString() {
        return "EchoClient " + socket;
    }

    /**
     * The options of a client. Each has the same name, unit, default and error text on the command line, in Maven and
     * in annotations, which hand it to {@link #set} as text. Not safe for use by several threads.
     */
    public static final class Builder {

        /** The options that {@link #set} takes, in the order of the pages. */
        private enum Option implements OptionText.Option {
            ADDRESS("address"),
            BUFFER_SIZE("bufferSize"),
            CONNECT_TIMEOUT("connectTimeout"),
            READ_TIMEOUT("readTimeout"),
            TIMEOUT("timeout"),
            TLS("tls"),
            RECORDING("recording");

            private final String word;

            Option(String word) {
                this.word = word;
            }

            @Override
            public String word() {
                return word;
            }
        }

        private @Nullable ServerAddress address;
        private int bufferSize = 64 << 10;
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Duration readTimeout = Duration.ofSeconds(5);
        private long timeoutNanos; // 0 for no limit
        private @Nullable Conversation conversation;
        private int recordedBytes = -1;
        private @Nullable TlsTrust trust; // null without TLS
        private @Nullable SSLParameters tlsParameters;
        private @Nullable ClientTls checkedTls; // of the last connect, unless the two before have changed

        private Builder() {}

        /**
         * Sets the address to connect to. There is no default.
         *
         * @param text {@code host:port}, {@code [v6]:port} or {@code unix:PATH}; {@code *:port} stands for loopback
         * @return this builder
         * @throws IllegalArgumentException if the text is no address, if its port is 0, or if its path is empty
         */
        public Builder address(String text) {
            return address(ServerAddress.parse(text));
        }

        /**
         * Sets the address to connect to. There is no default.
         *
         * @param socketAddress an {@link InetSocketAddress}, resolved or unresolved, or a {@link
         *     java.net.UnixDomainSocketAddress}; a wildcard stands for loopback
         * @return this builder
         * @throws IllegalArgumentException if it is of another type, if its port is 0, or if its path is empty
         */
        public Builder address(SocketAddress socketAddress) {
            return address(ServerAddress.of(socketAddress));
        }

        /**
         * Sets the address to connect to. There is no default.
         *
         * @param serverAddress a name or a numeric address, and a port, or the path of a Unix socket; a wildcard stands for
         *     loopback
         * @return this builder
         * @throws IllegalArgumentException if the port is 0, or the path is empty
         */
        public Builder address(ServerAddress serverAddress) {
            if (serverAddress instanceof HostAndPort tcp && tcp.port() == 0) {
                throw new IllegalArgumentException("address (" + serverAddress
                        + ") must name the port that the server listens on; port 0 is for servers");
            }
            if (serverAddress instanceof ServerAddress.Unix unix && unix.isPrivate()) {
                throw new IllegalArgumentException("address (" + serverAddress
                        + ") must name the file that the server listens on; unix: alone is for servers");
            }
            address = serverAddress;
            return this;
        }

        /**
         * Sets the most bytes that are read at once. The default is 65,536 (64 KiB).
         *
         * @param bytes 1 to 1,073,741,824 (1 GiB)
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder bufferSize(int bytes) {
            bufferSize = OptionText.bufferSize(bytes);
            return this;
        }

        /**
         * Limits the time to resolve the name, to try all its addresses, and to complete the handshake of TLS if there is
         * one, together. The default is 5 seconds.
         *
         * @param timeout 1 ms to 365 days
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder connectTimeout(Duration timeout) {
            connectTimeout = Quantities.positive("connectTimeout", timeout);
            return this;
        }

        /**
         * Limits each wait for bytes to be received, or to be taken by the peer. The default is 5 seconds.
         *
         * @param timeout 1 ms to 365 days
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder readTimeout(Duration timeout) {
            readTimeout = Quantities.positive("readTimeout", timeout);
            return this;
        }

        /**
         * Limits the time that one call that connects, sends or receives takes in all, even while bytes move: for
         * example a whole {@link EchoClient#echo}. The default is no limit.
         *
         * @param limit 1 ms to 365 days
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         * @since 0.1.0
         */
        public Builder timeout(Duration limit) {
            timeoutNanos = Quantities.positive("timeout", limit).toNanos();
            return this;
        }

        /**
         * Connects with TLS (RFC 8446, RFC 5246), and trusts the servers that this text says. The default is {@code none}:
         * the connection has no TLS.
         *
         * <p>The certificate of the server must be for the host of the {@link #address(String) address}, be it a name or a
         * number (RFC 9525); for a Unix socket, for {@code localhost}. A name is also sent to the server as its server name
         * (SNI: RFC 6066, section 3). {@code insecure} checks neither, so use it only for servers of your own.
         *
         * @param trusted the path of a file with one or more certificates in the form PEM (RFC 7468), which may be a root or
         *     the server's own; {@code system} for those that the JDK trusts; {@code insecure} for any; or {@code none}
         * @return this builder
         * @throws IllegalArgumentException if the file cannot be read or has no certificate; it is read in this call
         * @since 0.1.0
         */
        public Builder tls(String trusted) {
            trust = trusted.equals(OptionText.NONE) ? null : TlsTrust.parse(Option.TLS.word, trusted);
            checkedTls = null;
            return this;
        }

        /**
         * Connects with TLS, with the trust and the key, if any, of this context: for example that of {@link
         * EchoServer#sslContext()}. The certificate of the server must be for the host, as {@link #tls(String)} says.
         *
         * @param context an initialised context
         * @return this builder
         * @since 0.1.0
         */
        public Builder tls(SSLContext context) {
            trust = TlsTrust.of(Option.TLS.word, context);
            checkedTls = null;
            return this;
        }

        /**
         * Sets what the client offers in the handshake of TLS, and what it checks: protocols, cipher suites, ALPN
         * ({@link SSLParameters#setApplicationProtocols}), and more. What the parameters leave at null stays as it is. The
         * endpoint identification algorithm {@code ""} accepts a trusted certificate that is for another host. {@link #connect}
         * refuses them without {@link #tls(SSLContext) tls}. The default is what the JDK offers.
         *
         * @param parameters the parameters, which are not copied
         * @return this builder
         * @since 0.1.0
         */
        public Builder tlsParameters(SSLParameters parameters) {
            tlsParameters = parameters;
            checkedTls = null;
            return this;
        }

        /**
         * Returns the read time-out that is set.
         *
         * @return the limit of each wait for bytes
         */
        public Duration readTimeout() {
            return readTimeout;
        }

        /**
         * Sets the callback for the conversation, one line per event. The thread that uses the client calls it. Payload
         * is quoted and escaped, at most 1,024 bytes of a chunk. By default there is no callback.
         *
         * @param lines takes one line at a time, without its line end
         * @return this builder
         */
        public Builder conversation(Consumer<String> lines) {
            conversation = new Conversation(lines);
            return this;
        }

        /**
         * Records what happens on the connection, for {@link EchoClient#recording()}: the first 65,536 bytes (64 KiB)
         * of each direction. The default is to record nothing.
         *
         * @return this builder
         */
        public Builder recording() {
            return recording(OptionText.RECORDED_BYTES);
        }

        /**
         * Records what happens on the connection, for {@link EchoClient#recording()}. The default is to record nothing.
         *
         * @param bytes the most bytes that are kept of each direction, 0 to 1,073,741,824 (1 GiB); further bytes are
         *     only counted
         * @return this builder
         * @throws IllegalArgumentException if the value is out of range
         */
        public Builder recording(int bytes) {
            recordedBytes = OptionText.recorded(bytes);
            return this;
        }

        /**
         * Returns the names of the options that {@link #set} takes, which are those of the methods.
         *
         * @return the words, in the order of the pages
         */
        public static List<String> words() {
            return OptionText.words(Option.values());
        }

        /**
         * Sets one option from text, as every front end does; see {@link EchoServer.Builder#set}.
         *
         * @param word the name of the option: that of the method
         * @param text its value
         * @return this builder
         * @throws IllegalArgumentException if there is no such option, or if the value is malformed or out of range;
         *     the message names the word, the value and the cure
         */
        public Builder set(String word, String text) {
            return switch (OptionText.option(word, Option.values())) {
                case ADDRESS -> address(text);
                case BUFFER_SIZE -> bufferSize(OptionText.bufferSize(word, text));
                case CONNECT_TIMEOUT -> connectTimeout(Quantities.duration(word, text));
                case READ_TIMEOUT -> readTimeout(Quantities.duration(word, text));
                case TIMEOUT -> {
                    timeoutNanos = OptionText.nanosOrNone(word, text);
                    yield this;
                }
                case TLS -> tls(text);
                case RECORDING -> {
                    recordedBytes = OptionText.recorded(word, text);
                    yield this;
                }
            };
        }

        /**
         * Resolves the name, within the connect time-out, and returns the address that {@link #connect} tries first.
         *
         * @return a resolved address
         * @throws java.net.UnknownHostException if the name does not resolve
         * @throws SocketTimeoutException if the name does not resolve in time
         * @throws IOException if the thread is interrupted
         * @throws IllegalStateException if no address was set, or if it is that of a Unix socket
         */
        public InetSocketAddress resolve() throws IOException {
            return new ClientConnector(target(), connectTimeout, timeoutNanos).resolve();
        }

        /**
         * Connects: resolves the name and tries each of its addresses in the resolver's order ({@code
         * java.net.preferIPv6Addresses} governs it) until one accepts. Or connects to the Unix socket; if the queue of its
         * server is full, tries again until the end of the connect time-out. With {@link #tls(String) tls}, completes the
         * handshake on the address that has accepted; it must be complete when the connect time-out is over.
         *
         * @return a connected client
         * @throws java.net.ConnectException if no address accepts; the message lists each with its cause
         * @throws java.net.UnknownHostException if the name does not resolve
         * @throws SocketTimeoutException if the name does not resolve, or the handshake of TLS is not complete, in time; the
         *     message says how far the server has come
         * @throws javax.net.ssl.SSLException if the handshake fails: the message says what is wrong with the certificate
         *     (untrusted, expired, not yet valid, for another host), which alert the server has sent, or that it does not speak
         *     TLS
         * @throws SocketException if the connection is reset during the handshake
         * @throws IOException if the system refuses for another reason
         * @throws IllegalStateException if no address was set, or if {@code tlsParameters} were set without {@code tls}
         * @throws IllegalArgumentException if the JVM cannot use the {@code tlsParameters}
         */
        public EchoClient connect() throws IOException {
            ServerAddress target = target();
            if (tlsParameters != null && trust == null) {
                throw new IllegalStateException(
                        "tlsParameters are given without tls; call tls(...) too, or leave them out");
            }
            if (conversation != null) {
                conversation.connectingTo(target);
            }
            ClientTls own = checkedTls();
            ClientConnector connector = new ClientConnector(target, connectTimeout, timeoutNanos);
            SocketChannel connected = connector.connect();
            try {
                RecordingStore store =
                        recordedBytes < 0 ? null : new RecordingStore(Ending.Side.CLIENT, recordedBytes, 1);
                ConnectionRecorder recorder = store == null ? null : store.open(connected, null, 1);
                ConnectionReporter reporter = conversation == null && recorder == null
                        ? null
                        : new ConnectionReporter(conversation, recorder, "");
                TlsClientChannel tls = own == null ? null : connector.handshake(connected, own, reporter);
                if (reporter != null) {
                    reporter.printTls();
                }
                return new EchoClient(
                        new ClientSocket(connected, tls, bufferSize, readTimeout, timeoutNanos, reporter),
                        store,
                        connector.failed());
            } catch (Throwable failed) {
                SocketChannels.closeAfter(failed, connected);
                throw failed;
            }
        }

        /** Returns what TLS needs, or null without TLS. The parameters are checked by an engine, once and not per connect. */
        private @Nullable ClientTls checkedTls() {
            if (checkedTls == null && trust != null) {
                checkedTls = ClientTls.checked(trust, tlsParameters);
            }
            return checkedTls;
        }

        private ServerAddress target() {
            if (address == null) {
                throw new IllegalStateException("no address to connect to; call address(...) first");
            }
            return address;
        }
    }
}
