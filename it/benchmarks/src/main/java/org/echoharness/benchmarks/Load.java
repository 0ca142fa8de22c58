package org.echoharness.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The load, a process of its own. Each line of its input asks for one turn: {@code PORT WORK MILLIS}, where WORK is
 * {@code ping:CONNECTIONS:BYTES}, {@code bulk:CONNECTIONS}, {@code connect} or {@code idle:CONNECTIONS}, and the first three also with {@code tls-} before them. Prints {@code
 * START} after a short warm-up and {@code END OPERATIONS NANOS} after the measured time; an operation is a message, a
 * byte sent back, or a connection. Then it waits for an empty line before it closes the connections. Each message of a ping is a line that begins with {@code PING}, so that a server may also
 * answer it with another line of the same size. For idle connections, the empty line comes before the {@code END}.
 */
final class Load {

    private static final long WARM_UP = TimeUnit.MILLISECONDS.toNanos(150);
    private static final BufferedReader ORDERS =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));

    private final InetSocketAddress server;
    private final long measured;
    private long operations;
    private long started;
    private long counted;

    private Load(int port, int millis) {
        server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        measured = TimeUnit.MILLISECONDS.toNanos(millis);
    }

    public static void main(String[] args) throws IOException {
        for (String line = ORDERS.readLine(); line != null; line = ORDERS.readLine()) {
            String[] order = line.split(" ", 3);
            new Load(Integer.parseInt(order[0]), Integer.parseInt(order[2])).run(order[1]);
        }
    }

    private void run(String order) throws IOException {
        String[] work = order.split(":", 3);
        int connections = work.length > 1 ? Integer.parseInt(work[1]) : 1;
        switch (work[0]) {
            case "ping" -> {
                int size = Integer.parseInt(work[2]);
                if (connections == 1) {
                    pingOne(size);
                } else {
                    pingMany(connections, size);
                }
            }
            case "bulk" -> bulk(connections);
            case "connect" -> connectEchoClose();
            case "idle" -> idle(connections);
            case "tls-ping" -> TlsLoad.ping(this, server, connections, Integer.parseInt(work[2]));
            case "tls-bulk" -> TlsLoad.bulk(this, server, connections);
            case "tls-connect" -> TlsLoad.connect(this, server);
            default -> throw new IllegalArgumentException(order);
        }
    }

    /** Reports the start and the end of the measured time; returns whether to go on. */
    boolean goesOn(long began, long now) throws IOException {
        if (started == 0 && now - began >= WARM_UP) {
            started = now;
            counted = operations;
            System.out.println("START");
        }
        if (started != 0 && now - started >= measured) {
            System.out.println("END " + (operations - counted) + " " + (now - started));
            ORDERS.readLine(); // when the measuring is done: until then, the connections stay open
            return false;
        }
        return true;
    }

    /** Counts operations that {@link TlsLoad} has done. */
    void done(int count) {
        operations += count;
    }

    private void pingOne(int size) throws IOException {
        try (SocketChannel channel = SocketChannel.open(server)) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            ByteBuffer out = line("PING ", size);
            ByteBuffer in = ByteBuffer.allocateDirect(size);
            long began = System.nanoTime();
            while (goesOn(began, System.nanoTime())) {
                channel.write(out.clear());
                readFully(channel, in.clear());
                checkEnd(in, size);
                operations++;
            }
        }
    }

    private void pingMany(int connections, int size) throws IOException {
        try (Selector selector = Selector.open()) {
            List<SocketChannel> channels = open(connections, selector, SelectionKey.OP_READ);
            ByteBuffer out = line("PING ", size);
            ByteBuffer in = ByteBuffer.allocateDirect(size);
            for (SocketChannel channel : channels) {
                channel.keyFor(selector).attach(new int[1]);
                channel.write(out.clear());
            }
            long began = System.nanoTime();
            while (goesOn(began, System.nanoTime())) {
                selector.select(key -> {
                    SocketChannel channel = (SocketChannel) key.channel();
                    int[] read = (int[]) key.attachment();
                    try {
                        int n = channel.read(in.clear().limit(size - read[0]));
                        if (n < 0) {
                            throw new IOException("the server ended the connection");
                        }
                        read[0] += n;
                        if (read[0] == size) {
                            checkEnd(in, n);
                            read[0] = 0;
                            operations++;
                            channel.write(out.clear());
                        }
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        }
    }

    /** Returns a line of this size, which ends with LF. */
    static ByteBuffer line(String beginning, int size) {
        String text = beginning + "x".repeat(size - beginning.length() - 1) + "\n";
        return ByteBuffer.allocateDirect(size)
                .put(text.getBytes(StandardCharsets.US_ASCII))
                .flip();
    }

    /** Fails if a line does not end here: then the server and the load no longer wait for one another. */
    static void checkEnd(ByteBuffer read, int size) throws IOException {
        if (read.get(size - 1) != '\n') {
            throw new IOException("the answer has another size");
        }
    }

    private void bulk(int connections) throws IOException {
        try (Selector selector = Selector.open()) {
            open(connections, selector, SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            ByteBuffer out = ByteBuffer.allocateDirect(64 << 10);
            ByteBuffer in = ByteBuffer.allocateDirect(64 << 10);
            long began = System.nanoTime();
            while (goesOn(began, System.nanoTime())) {
                selector.select(key -> {
                    SocketChannel channel = (SocketChannel) key.channel();
                    try {
                        if (key.isReadable()) {
                            operations += channel.read(in.clear());
                        }
                        if (key.isWritable()) {
                            channel.write(out.clear());
                        }
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        }
    }

    private void connectEchoClose() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(42);
        long began = System.nanoTime();
        while (goesOn(began, System.nanoTime())) {
            try (SocketChannel channel = SocketChannel.open(server)) {
                channel.write(buffer.clear());
                readFully(channel, buffer.clear());
            }
            operations++;
        }
    }

    private void idle(int connections) throws IOException {
        List<SocketChannel> channels = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.allocateDirect(42);
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(server);
            channels.add(channel);
            channel.write(buffer.clear());
            readFully(channel, buffer.clear());
        }
        System.out.println("START");
        ORDERS.readLine(); // when the measuring is done
        for (SocketChannel channel : channels) {
            channel.close();
        }
        System.out.println("END " + connections + " 1");
    }

    private List<SocketChannel> open(int connections, Selector selector, int interest) throws IOException {
        List<SocketChannel> channels = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            channel.register(selector, interest);
            channels.add(channel);
        }
        return channels;
    }

    private static void readFully(SocketChannel channel, ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw new IOException("the server ended the connection");
            }
        }
    }
}
