package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.echoharness.EchoServer;
import org.echoharness.Ending;
import org.echoharness.FaultPlan;
import org.echoharness.RecordedConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * pgjdbc and HikariCP with a relay before a real PostgreSQL. Their documentation says:
 *
 * <ul>
 *   <li>JDBC: a {@link SQLException} has an SQLState; those that begin with 08 are errors of the connection;
 *   <li>pgjdbc: {@code socketTimeout} ends a read that takes longer; the time-out of a query asks the server to cancel it,
 *       on another connection;
 *   <li>HikariCP: {@code getConnection} tests a connection that has been idle, for at most {@code validationTimeout}, and
 *       replaces it if it is dead.
 * </ul>
 */
@Timeout(60)
class PostgresRelayIT {

    private static final int QUERIES = 1_000;
    private static final String ALIVE_BYPASS = "com.zaxxer.hikari.aliveBypassWindowMs";

    @RegisterExtension
    static final RealServer<PostgresServer> SERVER = new RealServer<>(PostgresServer.class, PostgresServer::start);

    @Test
    void thousandQueriesPassByteByByte() throws Exception {
        try (EchoServer relay = Relays.before(SERVER.get().port())
                .faults("fragment 1, fragment 1 to server")
                .start()) {
            try (Connection connection = DriverManager.getConnection(url(relay));
                    PreparedStatement query = connection.prepareStatement("select ? || ' of 1,000'")) {
                for (int i = 1; i <= QUERIES; i++) {
                    query.setString(1, "row " + i);
                    assertThat(only(query.executeQuery())).isEqualTo("row " + i + " of 1,000");
                }
            }

            RecordedConnection client = relay.recording().connection(1).awaitEnd();
            // the driver and the server, which it tells to terminate, close at the same moment
            assertThat(client.ending().orElseThrow().how()).isEqualTo(Ending.How.FIN);
            Relays.assertUnchanged(relay, 1);
            Relays.assertSentByteByByte(client);
            Relays.assertSentByteByByte(Relays.upstream(client));
            assertThat(Relays.received(client)).contains("row 1\0", "row 1000\0");
            assertThat(Relays.sent(client)).contains("row 1 of 1,000", "row 1000 of 1,000");
            relay.recording().assertConnections(1);
        }
    }

    @Test
    void restartRollsBackTransaction() throws Exception {
        run("drop table if exists accounts; create table accounts (name text)");
        try (EchoServer relay = Relays.before(SERVER.get().port()).start();
                HikariDataSource pool = pool(relay)) {
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.executeUpdate("insert into accounts values ('lost')");
                relay.refuse();
                relay.resetConnections();

                assertThatThrownBy(() -> statement.executeUpdate("insert into accounts values ('never')"))
                        .isInstanceOfSatisfying(SQLException.class, PostgresRelayIT::assertConnectionFailed);
            }
            assertThatThrownBy(() -> DriverManager.getConnection(url(relay)))
                    .isInstanceOfSatisfying(SQLException.class, PostgresRelayIT::assertConnectionFailed)
                    .hasCauseInstanceOf(ConnectException.class);
            relay.resume();
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.executeUpdate("insert into accounts values ('kept')");
                connection.commit();
                assertThat(only(statement.executeQuery("select string_agg(name, ' ') from accounts")))
                        .isEqualTo("kept");
                connection.commit();
            }

            RecordedConnection first = relay.recording().connection(1).awaitEnd();
            assertThat(first.ending().orElseThrow()).hasToString("SERVER RST (resetConnections())");
            RecordedConnection firstToServer = Relays.upstream(first).awaitEnd();
            firstToServer.assertEndedBy(Ending.Side.CLIENT, Ending.How.RST);
            assertThat(Relays.sent(firstToServer)).contains("BEGIN", "'lost'").doesNotContain("'never'", "COMMIT");
            RecordedConnection second = relay.recording().connection(2);
            assertThat(Relays.sent(Relays.upstream(second))).contains("BEGIN", "'kept'", "COMMIT");
            relay.recording().assertConnections(2);
        }
    }

    @Test
    void poolEvictsHalfOpenConnection() throws Exception {
        System.setProperty(ALIVE_BYPASS, "0"); // or it would not test a connection that was in use a moment ago
        try (EchoServer relay = Relays.before(SERVER.get().port()).start();
                HikariDataSource pool = pool(relay)) {
            String firstProcess = serverProcess(pool);
            assertThat(serverProcess(pool)).isEqualTo(firstProcess);
            byte[] before = relay.recording().connection(1).received();
            relay.setFaultsOfAll(FaultPlan.parse("first 1: discard to server; others: none"));

            assertThat(serverProcess(pool)).isNotEqualTo(firstProcess);

            RecordedConnection first = relay.recording().connection(1).awaitEnd();
            assertThat(first.bytesReceived()).isGreaterThan(before.length);
            assertThat(Relays.upstream(first).sent()).isEqualTo(before);
            first.assertEndedBy(Ending.Side.CLIENT, Ending.How.FIN);
            Scripts.assertApplied(relay, "discard to server");
            Relays.assertUnchanged(relay, 2);
            relay.recording().assertConnections(2);
        } finally {
            System.clearProperty(ALIVE_BYPASS);
        }
    }

    @Test
    void stallEndsBySocketTimeoutAlone() throws Exception {
        try (EchoServer relay = Relays.before(SERVER.get().port()).start();
                Connection connection = DriverManager.getConnection(url(relay) + "&socketTimeout=3");
                Statement statement = connection.createStatement()) {
            assertThat(only(statement.executeQuery("select 'before'"))).isEqualTo("before");
            relay.setFaultsOfAll(FaultPlan.parse("first 1: stall; others: none"));
            statement.setQueryTimeout(1); // the server cancels the query, and says so on the connection that stalls

            assertThatThrownBy(() -> statement.executeQuery("select pg_sleep(50)"))
                    .isInstanceOfSatisfying(SQLException.class, PostgresRelayIT::assertConnectionFailed)
                    .hasCauseInstanceOf(SocketTimeoutException.class);

            assertThat(connection.isClosed()).isTrue();
            Scripts.assertApplied(relay, "stall");
            RecordedConnection first = relay.recording().connection(1);
            assertThat(Relays.sent(Relays.upstream(first))).contains("select pg_sleep(50)");
            assertThat(Relays.sent(first)).contains("before").doesNotContain("canceling statement");
            RecordedConnection cancel = relay.recording().connection(2).awaitEnd();
            assertThat(cancel.bytesReceived()).isEqualTo(16); // the request to cancel
            assertThat(Relays.upstream(cancel).sent()).isEqualTo(cancel.received());
            relay.recording().assertConnections(2);
        }
    }

    private static void assertConnectionFailed(SQLException failure) {
        assertThat(failure.getSQLState()).startsWith("08");
    }

    private static String serverProcess(HikariDataSource pool) throws SQLException {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            return only(statement.executeQuery("select pg_backend_pid()"));
        }
    }

    private static String only(ResultSet rows) throws SQLException {
        try (rows) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    /** Runs statements without the relay. */
    private static void run(String statements) throws SQLException {
        PostgresServer server = SERVER.get();
        try (Connection connection = DriverManager.getConnection(server.url(server.port()));
                Statement statement = connection.createStatement()) {
            statement.execute(statements);
        }
    }

    private static String url(EchoServer relay) {
        return SERVER.get().url(relay.port());
    }

    /** A pool of one connection, which it tests for the shortest time that HikariCP allows. */
    private static HikariDataSource pool(EchoServer relay) {
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl(url(relay));
        pool.setMaximumPoolSize(1);
        pool.setConnectionTimeout(30_000);
        pool.setValidationTimeout(250);
        return pool;
    }
}
