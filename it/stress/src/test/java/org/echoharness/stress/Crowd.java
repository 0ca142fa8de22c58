package org.echoharness.stress;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.echoharness.support.Background;
import org.echoharness.support.PlainSockets;

/**
 * Many clients on one thread. Each sends its share of a payload, ends it with a FIN, and reads to the end of the
 * stream. The class counts how they end.
 */
final class Crowd implements AutoCloseable {

    enum End {
        /** Every byte, then the end of the stream. */
        WHOLE,
        /** An error, also of a write; after that, Linux reports a normal end of the stream to a read. */
        RESET,
        /** The end of the stream before every byte had come back. */
        CUT,
        /** Other bytes than were sent. */
        WRONG,
        /** No end within the deadline. */
        HUNG
    }

    private static final class Client {
        private long sent;
        private long received;
    }

    private final Payload payload;
    private final long share;
    private final Selector selector = Selector.open();
    private final ByteBuffer in = ByteBuffer.allocate(64 * PlainSockets.KIB);
    private final Map<End, Integer> ends = new EnumMap<>(End.class);
    private final AtomicLong received = new AtomicLong();
    private int open;

    /** Connects them all, in the caller's thread. */
    Crowd(InetSocketAddress server, int clients, Payload payload, long share) throws IOException {
        this.payload = payload;
        this.share = share;
        for (int i = 0; i < clients; i++) {
            SocketChannel channel = SocketChannel.open(server);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ | SelectionKey.OP_WRITE, new Client());
            open++;
        }
    }

    /** How many bytes have come back to all of them so far. */
    long received() {
        return received.get();
    }

    /** Runs the clients on a thread of their own until each has ended. */
    FutureTask<Map<End, Integer>> talk() {
        return Background.inThread("crowd", this::untilAllHaveEnded);
    }

    private Map<End, Integer> untilAllHaveEnded() throws IOException {
        long deadline = System.nanoTime() + Background.LONGEST.toNanos() / 2;
        while (open > 0 && System.nanoTime() - deadline < 0) {
            selector.select(this::ready, 100);
        }
        if (open > 0) {
            ends.put(End.HUNG, open);
        }
        return ends;
    }

    private void ready(SelectionKey key) {
        try {
            if (key.isWritable()) {
                write(key);
            }
            if (key.isReadable()) {
                read(key);
            }
        } catch (SocketException reset) {
            end(key, End.RESET);
        } catch (IOException reset) {
            end(key, reset.getMessage().matches("Connection reset.*|Broken pipe") ? End.RESET : End.WRONG);
        }
    }

    private void write(SelectionKey key) throws IOException {
        SocketChannel channel = (SocketChannel) key.channel();
        Client client = (Client) key.attachment();
        client.sent += channel.write(payload.slice(client.sent, share));
        if (client.sent == share) {
            channel.shutdownOutput();
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    private void read(SelectionKey key) throws IOException {
        Client client = (Client) key.attachment();
        int n = ((SocketChannel) key.channel()).read(in.clear());
        if (n < 0) {
            end(key, client.received == share ? End.WHOLE : End.CUT);
        } else if (!payload.matches(in.array(), n, client.received)) {
            end(key, End.WRONG);
        } else {
            client.received += n;
            received.addAndGet(n);
        }
    }

    private void end(SelectionKey key, End how) {
        ends.merge(how, 1, Integer::sum);
        open--;
        try {
            key.channel().close();
        } catch (IOException e) {
            ends.merge(End.WRONG, 1, Integer::sum);
        }
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
