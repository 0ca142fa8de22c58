package org.echoharness.junit;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.RecordedConnection;
import org.echoharness.RecordedEvent.Kind;

/**
 * Finds out whether a test has asked for the reset of a connection: by a fault of the server, or by a fault or a control of
 * a relay. The client of a server behind a relay is the relay, whose resets are those of its own connection. Any thread may
 * call it.
 */
final class AskedResets {

    private static final Duration LONGEST = Duration.ofSeconds(5);

    /** The running servers of the tests of this JVM, each with the clients that closed relays have reset because they were asked to. */
    private static final Map<EchoServer, Set<SocketAddress>> SERVERS = new ConcurrentHashMap<>();

    private AskedResets() {}

    /** Called when a server has started. */
    static void started(EchoServer server) {
        SERVERS.put(server, ConcurrentHashMap.newKeySet());
    }

    /** Called when a server is closed. The servers behind a relay may be checked later. */
    static void closed(EchoServer server) {
        SERVERS.remove(server);
        for (RecordedConnection connection : relayed(server)) {
            Ending ending = connection.ending().orElse(null);
            connection.upstream().filter(AskedResets::isResetByRelay).ifPresent(leg -> {
                if (ending == null || !isUnasked(server, connection, ending)) {
                    SERVERS.forEach((behind, resets) -> {
                        if (leadsTo(leg, behind)) {
                            resets.add(leg.localSocketAddress());
                        }
                    });
                }
            });
        }
    }

    /** Returns whether a fault took effect on the connection, in either direction of a relay. */
    static boolean isFaulty(RecordedConnection connection) {
        return Stream.concat(Stream.of(connection), connection.upstream().stream())
                .flatMap(leg -> leg.events().stream())
                .anyMatch(event -> event.kind() == Kind.FAULT);
    }

    /** Returns whether nothing has asked for this end, which was an RST. */
    static boolean isUnasked(EchoServer server, RecordedConnection connection, Ending ending) {
        return ending.by() == Ending.Side.CLIENT
                ? !isFaulty(connection) && !isAskedOfRelay(server, connection)
                : connection.hasFailed();
    }

    private static boolean isAskedOfRelay(EchoServer server, RecordedConnection connection) {
        SocketAddress from = connection.remoteSocketAddress();
        if (SERVERS.getOrDefault(server, Set.of()).contains(from)) {
            return true;
        }
        for (EchoServer relay : SERVERS.keySet()) {
            for (RecordedConnection relayed : relayed(relay)) {
                boolean isIt = relayed.upstream()
                        .filter(leg -> leg.localSocketAddress().equals(from))
                        .filter(leg -> leadsTo(leg, server))
                        .filter(AskedResets::isResetByRelay)
                        .isPresent();
                if (isIt && isAsked(relay, relayed)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The relay resets the server behind it just before its client, unless the client must have all bytes before. */
    private static boolean isAsked(EchoServer relay, RecordedConnection relayed) {
        try {
            RecordedConnection ended = relayed.awaitEnd(LONGEST);
            return !isUnasked(relay, ended, ended.ending().orElseThrow());
        } catch (AssertionError isOpen) {
            return true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private static boolean isResetByRelay(RecordedConnection leg) {
        return leg.ending()
                .filter(ending -> ending.how() == Ending.How.RST && ending.by() == Ending.Side.CLIENT)
                .isPresent();
    }

    private static boolean leadsTo(RecordedConnection leg, EchoServer server) {
        SocketAddress to = leg.remoteSocketAddress();
        return server.socketAddresses().stream().anyMatch(own -> isSame(own, to));
    }

    /** The server may have bound a wildcard. */
    private static boolean isSame(SocketAddress own, SocketAddress to) {
        if (own instanceof InetSocketAddress one && to instanceof InetSocketAddress other) {
            return one.getPort() == other.getPort();
        }
        return own.equals(to);
    }

    private static List<RecordedConnection> relayed(EchoServer server) {
        try {
            return server.relays() ? server.recording().connections() : List.of();
        } catch (IllegalStateException notRecorded) {
            return List.of();
        }
    }
}
