package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.echoharness.support.PlainSockets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostAndPortTest {

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:0, 127.0.0.1, 0, 127.0.0.1:0",
        "localhost:10000, localhost, 10000, localhost:10000",
        "[::1]:65535, ::1, 65535, [::1]:65535",
        "[fe80::1%eth0]:7, fe80::1%eth0, 7, [fe80::1%eth0]:7",
        "*:7, *, 7, *:7",
        ":7, *, 7, *:7",
        "' a.b-c_d:1 ', a.b-c_d, 1, a.b-c_d:1",
        "[1.2::afAF09]:7, 1.2::afAF09, 7, [1.2::afAF09]:7",
        "[fe80::1%e.t-h_0]:7, fe80::1%e.t-h_0, 7, [fe80::1%e.t-h_0]:7",
        "h:9, h, 9, h:9",
    })
    void readsEachForm(String text, String host, int port, String printed) {
        HostAndPort address = HostAndPort.parse(text);

        assertThat(address).isEqualTo(new HostAndPort(host, port)).hasToString(printed);
        assertThat(HostAndPort.parse(printed)).isEqualTo(address);
    }

    @ParameterizedTest
    @CsvSource({"localhost, localhost:10000", "*, *:10000", "[::1], [::1]:10000", "h:1, h:1"})
    void usesDefaultPort(String text, String printed) {
        assertThat(HostAndPort.parse(text, 10_000)).hasToString(printed);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|address () is not usable: write it as host:port, [v6]:port, *:port or unix:PATH",
                "localhost|address (localhost) is not usable: it has no port; write it as host:port, [v6]:port, *:port or unix:PATH,"
                        + " with port 0 if the kernel is to pick one",
                "::1|address (::1) is not usable: write an IPv6 address in brackets, as in [::1]:10000",
                "[::1|address ([::1) is not usable: write it as host:port, [v6]:port, *:port or unix:PATH",
                "[::1]x:1|address ([::1]x:1) is not usable: write only an IPv6 address in brackets, as in [::1]:10000",
                "[localhost]:1|address ([localhost]:1) is not usable: write only an IPv6 address in brackets, as in [::1]:10000",
                "[]:1|address ([]:1) is not usable: write only an IPv6 address in brackets, as in [::1]:10000",
                "://h:1|address (://h:1) is not usable: leave out ://; write it as host:port, [v6]:port, *:port or unix:PATH",
                "tcp://h:1|address (tcp://h:1) is not usable: leave out tcp://; write it as host:port, [v6]:port, *:port or unix:PATH",
                "/tmp|address (/tmp) is not usable: a host has no slash; for a Unix socket write unix:/tmp",
                ":1/2|address (:1/2) is not usable: it must end in a port from 0 to 65535, as in 127.0.0.1:10000",
                "h:1/2|address (h:1/2) is not usable: it must end in a port from 0 to 65535, as in 127.0.0.1:10000",
                "1:2:3|address (1:2:3) is not usable: a number is not a host; for a port of this machine write localhost:1",
                ":1:2|address (:1:2) is not usable: write an IPv6 address in brackets, as in [::1]:10000",
                "h:/|address (h:/) is not usable: it must end in a port from 0 to 65535, as in 127.0.0.1:10000",
                "h::|address (h::) is not usable: write an IPv6 address in brackets, as in [::1]:10000",
                "h:99999999999|address (h:99999999999) is not usable: it must end in a port from 0 to 65535, as in 127.0.0.1:10000",
                "udp|address (udp) is not usable: it has no port; write it as host:port, [v6]:port, *:port or unix:PATH,"
                        + " with port 0 if the kernel is to pick one",
                "[fe80::1%]:1|address: host (\"fe80::1%\") must be a name or a numeric address; remove every other character",
                "[fe80::1%a%]:1|address: host (\"fe80::1%a%\") must be a name or a numeric address; remove every other character",
                "a%b:1|address: host (\"a%b\") must be a name or a numeric address; remove every other character",
                "[::_]:1|address: host (\"::_\") must be a name or a numeric address; remove every other character",
                "h:|address (h:) is not usable: it must end in a port from 0 to 65535, as in 127.0.0.1:10000",
                "h:65536|address (h:65536) is not usable: it must end in a port from 0 to 65535, as in 127.0.0.1:10000",
                "h:-1|address (h:-1) is not usable: it must end in a port from 0 to 65535, as in 127.0.0.1:10000",
                "h:1x|address (h:1x) is not usable: it must end in a port from 0 to 65535, as in 127.0.0.1:10000",
                "unix:/tmp/x|address (unix:/tmp/x) is not usable: a Unix socket has no host and no port, which are needed here",
                "udp:1|address (udp:1) is not usable: the prefix udp: is reserved and does nothing yet;"
                        + " write it as host:port, [v6]:port, *:port or unix:PATH",
                "10000|address (10000) is not usable: a number is not a host; for a port of this machine write localhost:10000",
                "10000:1|address (10000:1) is not usable: a number is not a host; for a port of this machine write"
                        + " localhost:10000",
                "/tmp/a.sock|address (/tmp/a.sock) is not usable: a host has no slash; for a Unix socket write"
                        + " unix:/tmp/a.sock",
                "target/a.sock:1|address (target/a.sock:1) is not usable: a host has no slash; for a Unix socket write"
                        + " unix:target/a.sock:1",
                "a b:1|address: host (\"a b\") must be a name or a numeric address; remove every other character",
                "[::g]:1|address: host (\"::g\") must be a name or a numeric address; remove every other character",
            })
    void refusesOtherTextsAndNamesCure(String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HostAndPort.parse(text))
                .withMessage(message);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 127.0.0.1",
        "::, ::",
        "::1, ::1",
        "1::, 1::",
        "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "1:0:0:2:0:0:0:3, 1:0:0:2::3",
        "1:0:2:3:4:5:6:7, 1:0:2:3:4:5:6:7",
        "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
        "0:0:1:0:0:0:0:0, 0:0:1::",
        "0:0:1:2:3:4:5:6, ::1:2:3:4:5:6",
        "1:0:0:2:0:0:3:4, 1::2:0:0:3:4",
        "ff00:10:200:3000:a0b:c:d:e, ff00:10:200:3000:a0b:c:d:e",
    })
    void printsCanonicalForm(String address, String printed) throws Exception {
        assertThat(HostAndPort.of(PlainSockets.at(address, 1)).host()).isEqualTo(printed);
    }

    @ParameterizedTest
    @CsvSource({
        "*:1, 127.0.0.1:1",
        "0.0.0.0:1, 127.0.0.1:1",
        "[::]:1, 127.0.0.1:1",
        "[::1]:1, [::1]:1",
        "host:1, host:1"
    })
    void replacesWildcardByLoopback(String bound, String connectable) {
        assertThat(HostAndPort.parse(bound).connectable()).hasToString(connectable);
    }

    @Test
    void numericFormContainsNoHostName() throws Exception {
        for (String host : new String[] {"127.0.0.1", "::1"}) {
            InetSocketAddress numeric = HostAndPort.numeric(PlainSockets.at(host, 1));

            assertThat(numeric.getHostName()).isEqualTo(host);
            assertThat(numeric).isEqualTo(PlainSockets.at(host, 1));
        }
    }

    @Test
    void printsScope() throws Exception {
        Inet6Address scoped = Inet6Address.getByAddress(
                "x", PlainSockets.at("fe80::1", 1).getAddress().getAddress(), 3);
        InetSocketAddress address = new InetSocketAddress(scoped, 1);

        assertThat(HostAndPort.of(address)).hasToString("[fe80::1%3]:1");
        assertThat(HostAndPort.numeric(address)).isEqualTo(address);
        InetSocketAddress numeric = HostAndPort.numeric(address);
        assertThat(numeric.getHostName()).isEqualTo("fe80::1%3");
        assertThat(((Inet6Address) numeric.getAddress()).getScopeId()).isEqualTo(3);
    }

    @Test
    void hasPortInRange() {
        assertThat(new HostAndPort("h", 0).port()).isZero();
        assertThat(new HostAndPort("h", 65_535).port()).isEqualTo(65_535);
        for (int port : new int[] {-1, 65_536}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new HostAndPort("h", port))
                    .withMessage("address: port (" + port + ") must be from 0 to 65535");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HostAndPort("a b", 1))
                .withMessageContaining("remove every other character");
        assertThat(new HostAndPort("*", 1).isEveryInterface()).isTrue();
        assertThat(new HostAndPort("h", 1).isEveryInterface()).isFalse();
        assertThat(HostAndPort.parse("h", 0)).hasToString("h:0");
    }

    @Test
    void refusesNumericFormOfUnresolvedAddress() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HostAndPort.of(InetSocketAddress.createUnresolved("h", 1)))
                .withMessageContaining("must be resolved");
    }

    @Test
    @SuppressWarnings("try") // the text for a closed channel is a part of what is tested
    void warningNamesBothEndsWhileChannelIsOpen() throws IOException {
        try (ServerSocketChannel listening = ServerSocketChannel.open().bind(PlainSockets.at("127.0.0.1", 0));
                SocketChannel client = SocketChannel.open(listening.getLocalAddress());
                SocketChannel accepted = listening.accept()) {
            String ends = " from " + HostAndPort.of((InetSocketAddress) client.getLocalAddress()) + " to "
                    + HostAndPort.of((InetSocketAddress) listening.getLocalAddress());
            assertThat(HostAndPort.warning("reset ", 3, accepted, ": ")).isEqualTo("reset connection 3" + ends + ": ");
            assertThat(HostAndPort.warning("", 0, accepted, " failed: "))
                    .isEqualTo("a connection" + ends + " failed: ");
            accepted.close();
            assertThat(HostAndPort.warning("reset ", 3, accepted, ": ")).isEqualTo("reset connection 3: ");
        }
    }

    @Test
    void socketAddressesOfBothKindsHaveTexts() throws IOException {
        SocketAddress tcp = PlainSockets.at("127.0.0.1", 7);
        SocketAddress unix = UnixDomainSocketAddress.of("/tmp/\u001b");
        assertThat(HostAndPort.text(tcp)).isEqualTo("127.0.0.1:7");
        assertThat(HostAndPort.text(unix)).isEqualTo("unix:/tmp/\\x1b");
        assertThat(HostAndPort.exactText(tcp)).isEqualTo("127.0.0.1:7");
        assertThat(HostAndPort.exactText(unix)).isEqualTo("unix:/tmp/\u001b");
        assertThat(HostAndPort.named(tcp)).isEqualTo(tcp);
        assertThat(HostAndPort.named(unix)).isSameAs(unix);
        assertThat(HostAndPort.inet(tcp, "it", "other()")).isSameAs(tcp);
        assertThatThrownBy(() -> HostAndPort.inet(unix, "it", "other()"))
                .hasMessage("it has no host and no port, since it is a Unix socket (unix:/tmp/\\x1b); call other()");
        assertThat(ServerAddress.of(tcp)).hasToString("127.0.0.1:7");
        assertThat(ServerAddress.of(InetSocketAddress.createUnresolved("h", 7))).hasToString("h:7");
        assertThat(ServerAddress.of(UnixDomainSocketAddress.of("/tmp/s"))).hasToString("unix:/tmp/s");
        assertThat(new ServerAddress.Unix(Path.of("/tmp/s")).isPrivate()).isFalse();
        assertThat(new ServerAddress.Unix(Path.of("")).isPrivate()).isTrue();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ServerAddress.of(new SocketAddress() {
                    private static final long serialVersionUID = 1L;
                }))
                .withMessageContaining("must be an InetSocketAddress or a UnixDomainSocketAddress");
    }

    @Test
    @SuppressWarnings("try") // the texts for closed channels are a part of what is tested
    void endsOfUnixSocketHaveNoNames(@TempDir Path folder) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel listening =
                        ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
                SocketChannel client = SocketChannel.open(address);
                SocketChannel accepted = listening.accept()) {
            String local = "unix:" + address.getPath();
            assertThat(HostAndPort.warning("reset ", 3, accepted, ": ")).isEqualTo("reset connection 3: ");
            assertThat(HostAndPort.remoteOf(client)).isNull();
            assertThat(HostAndPort.localOf(accepted)).isEqualTo(local);
            assertThat(HostAndPort.peerOf(accepted, address, 3)).isEqualTo("client 3 of " + local);
            accepted.close();
            assertThat(HostAndPort.peerOf(accepted, address, 3)).isEqualTo("a closed connection");
            assertThat(HostAndPort.localOf(accepted)).isEqualTo("a closed socket");
            assertThat(HostAndPort.remoteOf(accepted)).isNull();
        }
    }
}
