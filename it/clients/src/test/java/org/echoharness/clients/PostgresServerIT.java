package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The PostgreSQL that other tests put a relay before answers its clients directly. */
@Timeout(60)
class PostgresServerIT {

    @RegisterExtension
    static final RealServer<PostgresServer> SERVER = new RealServer<>(PostgresServer.class, PostgresServer::start);

    @Test
    void postgresqlAnswersDriver() throws Exception {
        PostgresServer server = SERVER.get();
        try (Connection connection = DriverManager.getConnection(server.url(server.port()))) {
            assertThat(versionOf(connection)).startsWith("PostgreSQL ");
        }
    }

    @Test
    void postgresqlAnswersPool() throws Exception {
        PostgresServer server = SERVER.get();
        try (HikariDataSource pool = new HikariDataSource()) {
            pool.setJdbcUrl(server.url(server.port()));
            pool.setMaximumPoolSize(1);
            try (Connection connection = pool.getConnection()) {
                assertThat(versionOf(connection)).startsWith("PostgreSQL ");
            }
        }
    }

    private static String versionOf(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select version()")) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }
}
