package org.echoharness.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** What the first server of a JVM costs, start to stop, in microseconds; a process of its own: {@code KIND}. */
final class FirstUse {

    private FirstUse() {}

    public static void main(String[] args) throws Exception {
        TestCost test = new TestCost();
        long start = System.nanoTime();
        byte[] back = switch (args[0]) {
            case "echo" -> test.echoServer();
            case "script" -> test.scriptServer();
            case "bare" -> test.bareServerSocket();
            case "bare-selector" ->
                TestCost.echo(new InetSocketAddress(InetAddress.getLoopbackAddress(), Servers.bareSelector()));
            case "netty-nio" -> test.netty();
            case "mock-web-server" -> test.mockWebServer();
            default -> throw new IOException(args[0]);
        };
        System.out.println(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start));
        System.exit(back.length == 0 ? 1 : 0);
    }
}
