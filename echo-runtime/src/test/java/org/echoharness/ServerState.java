package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.loop.EventLoopCalls;
import org.echoharness.memory.LentRings;

/** What a server holds inside, for tests of other packages. */
public final class ServerState {

    private ServerState() {}

    /** Waits until no connection is open, and nothing is left of one. Returns what still is at the deadline, or an empty text. */
    public static String awaitIdle(EchoServer server, Duration longest) throws IOException {
        long deadline = System.nanoTime() + longest.toNanos();
        String left = left(server.core());
        while (!left.isEmpty() && System.nanoTime() - deadline < 0) {
            Thread.onSpinWait();
            left = left(server.core());
        }
        return left;
    }

    private static String left(ServerCore core) throws IOException {
        List<String> left = new ArrayList<>();
        if (core.counts().open() > 0) {
            left.add(core.counts().open() + " connections");
        }
        for (ServingLoop each : core.loops()) {
            EventLoopCalls.call(each.loop(), () -> {
                int rings = LentRings.of(each.rings());
                if (rings > 0) {
                    left.add(rings + " rings");
                }
                if (!each.loop().alarms().isEmpty()) {
                    left.add("alarms");
                }
                return null;
            });
        }
        return String.join(", ", left);
    }

    /** Returns the addresses that a server has or had, but for those of Unix sockets. */
    public static List<InetSocketAddress> tcpAddresses(EchoServer server) {
        List<InetSocketAddress> all = new ArrayList<>();
        for (SocketAddress each : server.core().addresses()) {
            if (each instanceof InetSocketAddress inet) {
                all.add(inet);
            }
        }
        return all;
    }
}
