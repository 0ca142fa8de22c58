package org.echoharness.benchmarks;

import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import org.echoharness.EchoServer;

/**
 * The servers that are compared, each a process of its own: {@code KIND}, also one of {@link LineServers}, or one of
 * {@link JavaRelays} with the port of its upstream. Prints the port; the end of its input ends it.
 */
final class Servers {

    private static final int BUFFER = 64 << 10;
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private Servers() {}

    public static void main(String[] args) throws Exception {
        int port = switch (args[0]) {
            case "echo" -> EchoServer.builder().start().port();
            case "echo-recording" -> EchoServer.builder().recording().start().port();
            case "echo-conversation" ->
                EchoServer.builder().conversation(line -> {}).start().port();
            case "echo-loops-2" -> EchoServer.builder().eventLoops(2).start().port();
            case "bare-selector" -> bareSelector();
            case "threads" -> threads();
            case "netty-nio" ->
                NettyServer.start(NioIoHandler.newFactory(), NioServerSocketChannel.class)
                        .address()
                        .getPort();
            case "netty-epoll" ->
                NettyServer.start(EpollIoHandler.newFactory(), EpollServerSocketChannel.class)
                        .address()
                        .getPort();
            case TlsServers.OURS, TlsServers.OURS_CONTEXT, TlsServers.NETTY, TlsServers.NETTY_TASKS ->
                TlsServers.start(args[0]);
            default ->
                args.length > 1 ? JavaRelays.start(args[0], Integer.parseInt(args[1])) : LineServers.start(args[0]);
        };
        System.out.println(port);
        for (int c = System.in.read(); c >= 0; c = System.in.read()) {
            if (c == 'g') {
                System.out.println(Memory.usedAfterGc() + " " + Memory.resident());
            }
        }
        System.exit(0);
    }

    /** What a selector loop costs without any of our rules; a write that is not taken whole is tried until it is. */
    static int bareSelector() throws IOException {
        Selector selector = Selector.open();
        ServerSocketChannel listening = ServerSocketChannel.open().bind(ANY_PORT, 1024);
        listening.configureBlocking(false);
        listening.register(selector, SelectionKey.OP_ACCEPT);
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        inBackground(() -> {
            while (true) {
                selector.select(key -> {
                    try {
                        if (key.isAcceptable()) {
                            var accepted = listening.accept();
                            accepted.configureBlocking(false);
                            accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
                            accepted.register(selector, SelectionKey.OP_READ);
                            return;
                        }
                        var channel = (java.nio.channels.SocketChannel) key.channel();
                        if (channel.read(buffer.clear()) < 0) {
                            channel.close();
                            return;
                        }
                        buffer.flip();
                        while (buffer.hasRemaining()) {
                            channel.write(buffer);
                        }
                    } catch (IOException e) {
                        key.cancel();
                    }
                });
            }
        });
        return listening.socket().getLocalPort();
    }

    private static int threads() throws IOException {
        ServerSocket listening = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        inBackground(() -> {
            while (true) {
                Socket accepted = listening.accept();
                accepted.setTcpNoDelay(true);
                inBackground(() -> {
                    try (accepted) {
                        InputStream in = accepted.getInputStream();
                        OutputStream out = accepted.getOutputStream();
                        byte[] buffer = new byte[BUFFER];
                        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                            out.write(buffer, 0, n);
                        }
                    }
                });
            }
        });
        return listening.getLocalPort();
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void inBackground(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // the client has gone
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
