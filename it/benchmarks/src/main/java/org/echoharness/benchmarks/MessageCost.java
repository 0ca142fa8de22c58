package org.echoharness.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.echoharness.EchoServer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One round trip: a line, and an echo or another line. Run with {@code -prof gc}: neither side allocates, so what it shows a
 * round trip is the server's, or that of a relay and its echo server.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MessageCost {

    @Param({"64", "4096"})
    private int size;

    @Param({"echo", "script", "script-answer", "script-capture", "respond", JavaRelays.OURS})
    private String server;

    private EchoServer upstream; // which only a relay uses
    private EchoServer serving;
    private SocketChannel channel;
    private ByteBuffer out;
    private ByteBuffer in;

    @Setup
    public void connect() throws IOException {
        upstream = EchoServer.builder().start();
        serving = (switch (server) {
                    case "echo" -> EchoServer.builder();
                    case JavaRelays.OURS -> JavaRelays.ours(upstream.port());
                    default -> LineServers.ours(server, size);
                })
                .start();
        channel = SocketChannel.open(serving.address());
        out = Load.line("PING ", size);
        in = ByteBuffer.allocateDirect(size);
    }

    @Benchmark
    public int roundTrip() throws IOException {
        channel.write(out.clear());
        in.clear();
        while (in.hasRemaining()) {
            if (channel.read(in) < 0) {
                throw new IOException("the server ended the connection");
            }
        }
        Load.checkEnd(in, size);
        return in.position();
    }

    @TearDown
    public void close() throws IOException {
        channel.close();
        serving.close();
        upstream.close();
    }
}
