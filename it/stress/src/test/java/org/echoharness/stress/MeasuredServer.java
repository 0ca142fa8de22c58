package org.echoharness.stress;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.echoharness.EchoServer;
import org.echoharness.support.ForkedProcess;

/** A server in a JVM of its own, whose memory can be measured. The heap is resident from the start: RSS shows the rest. */
final class MeasuredServer implements AutoCloseable {

    private static final List<String> JVM =
            List.of("-Xms64m", "-Xmx64m", "-XX:+UseSerialGC", "-XX:+AlwaysPreTouch", "-Xshare:auto");

    /** Bytes: live objects on the heap, direct buffers, and the whole process in memory. */
    record Memory(long heap, long direct, long rss) {

        Memory above(Memory start) {
            return new Memory(heap - start.heap, direct - start.direct, rss - start.rss);
        }
    }

    private final ForkedProcess process;
    private int measured;

    MeasuredServer() throws IOException {
        this("none");
    }

    MeasuredServer(String script) throws IOException {
        process = new ForkedProcess(EchoProcess.program(JVM, MeasuredServer.class, script));
    }

    /** The other side: serves until its input ends, and answers each line of it with a measurement. */
    public static void main(String[] args) throws IOException {
        try (EchoServer server = EchoServer.builder().set("script", args[0]).start();
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            System.out.println("starting up on 127.0.0.1 port " + server.port());
            while (in.readLine() != null) {
                System.out.println("memory " + Usage.heap() + " " + Usage.direct());
            }
        }
    }

    InetSocketAddress address() throws IOException, InterruptedException {
        return EchoProcess.address(process);
    }

    ProcessHandle handle() {
        return process.handle();
    }

    /** What it uses now, after a garbage collection. */
    Memory memory() throws IOException, InterruptedException {
        process.send("measure");
        String[] figures = process.lines().await("memory .*", ++measured).split(" ", -1);
        return new Memory(Long.parseLong(figures[1]), Long.parseLong(figures[2]), Usage.rss(handle()));
    }

    @Override
    public void close() {
        process.close();
    }
}
