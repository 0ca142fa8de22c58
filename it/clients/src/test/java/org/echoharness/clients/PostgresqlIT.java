package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

/**
 * pgjdbc with a server that speaks the protocol of PostgreSQL 3.0 up to the row of a simple query. JDBC says: a
 * {@link SQLException} has an SQLState; those that begin with 08 are errors of the connection.
 */
@Timeout(60)
class PostgresqlIT {

    @Test
    void readsRow() throws Exception {
        try (EchoServer server = Scripts.start("postgresql.echo", "")) {
            assertThat(selectOne(server)).isEqualTo(1);

            server.recording().connection(1).awaitEnd();
            Scripts.assertMet(server);
        }
    }

    @Test
    void unknownAnswerFailsQuery() throws Exception {
        try (EchoServer server = Scripts.startWith("postgresql.echo", "\"D\" frame", "\"?\" frame")) {
            assertThatThrownBy(() -> selectOne(server)).isInstanceOf(SQLException.class);

            server.recording().connection(1).awaitEnd();
            assertThat(server.recording().transcript())
                    .contains("step 3 of 3, case 1: \"Q\" frame u32 minus 4 \"select 1\\x00\"");
        }
    }

    @Test
    void resetInHandshakeFailsConnect() throws Exception {
        try (EchoServer server = Scripts.start("postgresql.echo", "reset after 40 sent")) {
            assertThatThrownBy(() -> selectOne(server))
                    .isInstanceOfSatisfying(
                            PSQLException.class,
                            failure -> assertThat(failure.getSQLState()).startsWith("08"));

            Scripts.assertApplied(server, "reset after 40 sent");
        }
    }

    @Test
    void resetBeforeAnswerFailsQuery() throws Exception {
        try (EchoServer server = Scripts.start("postgresql.echo", "reset after 2 messages")) {
            assertThatThrownBy(() -> selectOne(server))
                    .isInstanceOfSatisfying(
                            PSQLException.class,
                            failure -> assertThat(failure.getSQLState())
                                    .isEqualTo(PSQLState.CONNECTION_FAILURE.getState()));

            Scripts.assertApplied(server, "reset after 2 messages");
        }
    }

    private static int selectOne(EchoServer server) throws Exception {
        String url = "jdbc:postgresql://127.0.0.1:" + server.port() + "/db?user=me&sslmode=disable&gssEncMode=disable"
                + "&preferQueryMode=simple&assumeMinServerVersion=12&socketTimeout=30";
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select 1")) {
            assertThat(rows.next()).isTrue();
            return rows.getInt("one");
        }
    }
}
