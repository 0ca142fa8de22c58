package org.echoharness.benchmarks;

import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** What one test pays for its server: start, connect, echo, close, stop. The baseline is a bare {@code ServerSocket}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class TestCost {

    /** What the table calls the methods below that stand for a server of their own. */
    static final Map<String, String> NAMES = Map.of(
            "echoServer", "echo",
            "scriptServer", "script",
            "netty", "netty-nio",
            "mockWebServer", "mock-web-server");

    private static final byte[] MESSAGE = new byte[42];
    private static final String SCRIPT = "repeat { expect 42, send '012345678901234567890123456789012345678901' }";

    @Benchmark
    public byte[] bareServerSocket() throws Exception {
        try (ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread serving = new Thread(new EchoOnce(listening));
            serving.start();
            byte[] back = echo((InetSocketAddress) listening.getLocalSocketAddress());
            serving.join();
            return back;
        }
    }

    /** No lambda: that alone would cost the first use more than sockets do. */
    private record EchoOnce(ServerSocket listening) implements Runnable {
        @Override
        public void run() {
            try (Socket accepted = listening.accept()) {
                byte[] read = accepted.getInputStream().readNBytes(MESSAGE.length);
                accepted.getOutputStream().write(read);
                accepted.getInputStream().read();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    @Benchmark
    public byte[] echoServer() throws IOException {
        try (EchoServer server = EchoServer.builder().start()) {
            return echo(server.address());
        }
    }

    @Benchmark
    public byte[] scriptServer() throws IOException {
        try (EchoServer server = EchoServer.builder().script(SCRIPT).start()) {
            return echo(server.address());
        }
    }

    @Benchmark
    public byte[] echoServerAndClient() throws IOException {
        try (EchoServer server = EchoServer.builder().start();
                EchoClient client = EchoClient.connect(server.address())) {
            return client.echo(MESSAGE);
        }
    }

    @Benchmark
    public byte[] netty() throws Exception {
        try (NettyServer server = NettyServer.start(NioIoHandler.newFactory(), NioServerSocketChannel.class)) {
            return echo(server.address());
        }
    }

    @Benchmark
    public byte[] mockWebServer() throws Exception {
        try (MockWebServer server = new MockWebServer()) {
            server.enqueue(new MockResponse.Builder().code(200).build());
            server.start();
            try (Socket socket = new Socket(server.getHostName(), server.getPort())) {
                socket.getOutputStream()
                        .write("GET / HTTP/1.0\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                return socket.getInputStream().readNBytes(12);
            }
        }
    }

    static byte[] echo(InetSocketAddress address) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(address);
            socket.getOutputStream().write(MESSAGE);
            return socket.getInputStream().readNBytes(MESSAGE.length);
        }
    }
}
