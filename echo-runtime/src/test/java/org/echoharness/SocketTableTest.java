package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.echoharness.sockets.SocketTable;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The system's list of sockets, of which there are more than fit into one read of the list. */
@EnabledOnOs(OS.LINUX)
class SocketTableTest {

    private static final int MANY = 300;

    private record Seen(
            InetSocketAddress local, InetSocketAddress remote, int state, long unacknowledged, String inode) {}

    /** Those whose other end is this port, by name. */
    private static Map<String, Seen> seen(int port) throws IOException {
        Map<String, Seen> all = new HashMap<>();
        SocketTable.read(row -> {
            if (row.remotePort() == port) {
                all.put(
                        row.name(),
                        new Seen(
                                Objects.requireNonNull(row.local()),
                                Objects.requireNonNull(row.remote()),
                                row.state(),
                                row.unacknowledged(),
                                row.inode()));
            }
            return true;
        });
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void readsEverySocket(String host) throws Exception {
        if (host.equals("::1")) {
            PlainSockets.assumeIpv6();
        }
        List<Socket> clients = new ArrayList<>();
        try (ServerSocket listening = new ServerSocket(0, MANY, InetAddress.getByName(host))) {
            InetSocketAddress remote = (InetSocketAddress) listening.getLocalSocketAddress();
            List<Socket> accepted = new ArrayList<>();
            try {
                Set<String> names = new HashSet<>();
                for (int i = 0; i < MANY; i++) {
                    Socket client = PlainSockets.connect(remote);
                    clients.add(client);
                    accepted.add(listening.accept());
                    names.add(SocketTable.name((InetSocketAddress) client.getLocalSocketAddress(), remote));
                }
                accepted.get(7).close();
                assertThat(clients.get(7).getInputStream().read()).isEqualTo(-1);

                Map<String, Seen> seen = seen(remote.getPort());

                assertThat(seen.keySet()).containsAll(names); // and those that used the port before
                Set<String> inodes = new HashSet<>();
                for (Socket client : clients) {
                    InetSocketAddress local = (InetSocketAddress) client.getLocalSocketAddress();
                    Seen row = Objects.requireNonNull(seen.get(SocketTable.name(local, remote)));
                    assertThat(row.local()).isEqualTo(local);
                    assertThat(row.remote()).isEqualTo(remote);
                    assertThat(row.state()).isEqualTo(client == clients.get(7) ? SocketTable.Row.CLOSE_WAIT : 1);
                    assertThat(row.unacknowledged()).isZero();
                    assertThat(row.inode()).matches("[1-9]\\d*");
                    inodes.add(row.inode());
                }
                assertThat(inodes).hasSize(MANY);
            } finally {
                for (Socket each : accepted) {
                    each.close();
                }
            }
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }
}
