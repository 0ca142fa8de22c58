package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.echoharness.RecordingFiles;
import org.echoharness.Script;
import org.echoharness.support.Background;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Sessions of pgjdbc and HikariCP with a real PostgreSQL are recorded, and completed again without it. */
@Timeout(120)
class PostgresReplayIT {

    private static final String NAME = "constant";
    private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678Z");
    private static final int ROWS = 500;
    private static final String ALIVE_BYPASS = "com.zaxxer.hikari.aliveBypassWindowMs";

    @RegisterExtension
    static final RealServer<PostgresServer> SERVER = new RealServer<>(PostgresServer.class, PostgresServer::start);

    @Test
    void sessionIsPlayedTenTimes(@TempDir Path folder) throws Exception {
        Replays.Session session = port -> session(port, NAME, TIME);
        Replays.Recorded recorded = record(session);
        assertThat(recorded.results()).contains("23505", "499", "0 of 1, constant");

        Script script = recorded.recording().toScript();
        Replays.assertSame(recorded, server -> server.script(script.formatted()), session);

        RecordingFiles files = recorded.recording().writeFiles(folder);
        assertThat(Script.ofCapture(files.packets())).isEqualTo(script);
        Replays.assertSame(recorded, server -> server.scriptFile(files.script().toString()), session);
        Replays.assertSame(recorded, server -> server.scriptFile(files.packets().toString()), session);
    }

    @Test
    void poolOfTwoIsPlayedTenTimes() throws Exception {
        try (Connection connection =
                        DriverManager.getConnection(url(SERVER.get().port()));
                Statement statement = connection.createStatement()) {
            statement.execute("drop table if exists shared; create table shared (id int primary key, name text);"
                    + "insert into shared values (1, 'before')");
        }
        System.setProperty(ALIVE_BYPASS, "3600000"); // a slow run would test connections that a fast one does not test
        try {
            Replays.Session session = PostgresReplayIT::pool;
            Replays.Recorded recorded = record(session);
            assertThat(recorded.results()).containsExactly("before", "1", "1", "by two");
            assertThat(recorded.recording().total()).isEqualTo(2);

            String script = recorded.recording().toScript().formatted();
            Replays.assertSame(recorded, server -> server.script(script), session);
        } finally {
            System.clearProperty(ALIVE_BYPASS);
        }
    }

    @Test
    void sessionWithOtherValuesIsPlayedTenTimes() throws Exception {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS); // as many digits each time
        String name = name();
        Replays.Recorded recorded = record(port -> session(port, name, now));
        Replays.Recorded other = record(port -> session(port, name(), now.plusSeconds(90_061))); // another day and time

        String script = recorded.recording().toScript(other.recording()).formatted();
        assertThat(script).doesNotContain(name);
        Replays.assertSameButFor(
                name, recorded, script, PostgresReplayIT::name, value -> port -> session(port, value, Instant.EPOCH));
    }

    @Test
    void valueOfAnyLengthComesBackTenTimes() throws Exception {
        Replays.Recorded recorded = record(port -> keep(port, "ann"));
        Replays.Recorded other = record(port -> keep(port, "benjamin"));

        String script = recorded.recording().toScript(other.recording()).formatted();
        Iterator<Integer> lengths = IntStream.iterate(1, length -> length + 25).iterator();
        Replays.assertSameButFor(
                "ann", recorded, script, () -> "n".repeat(lengths.next()), value -> port -> keep(port, value));
    }

    private static String name() {
        return UUID.randomUUID().toString();
    }

    private static Replays.Recorded record(Replays.Session session) throws Exception {
        return Replays.record(SERVER.get().port(), session);
    }

    private static String url(int port) {
        return SERVER.get().url(port);
    }

    /**
     * A session on one connection.
     *
     * @param name a value that the client sends, and gets back
     * @param time a value that the client sends alone
     */
    private static List<String> session(int port, String name, Instant time) throws SQLException {
        List<String> results = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(url(port))) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("create temporary table people (id int primary key, name text, photo bytea, born"
                        + " timestamptz)");
                results.addAll(rows(statement.executeQuery("select pg_backend_pid(), now(), version()")));
            }
            insert(connection, name, time, results);
            batch(connection, results);
            failure(connection, name, results);
            transaction(connection, results);
            cursor(connection, results);
            try (PreparedStatement query =
                            connection.prepareStatement("select id, name, photo from people order by id");
                    PreparedStatement text = connection.prepareStatement("select ? || '!', repeat('x', 100000)")) {
                results.addAll(rows(query.executeQuery()));
                text.setString(1, "gr\u00fc\u00dfe \u043f\u0440\u0438\u0432\u0435\u0442 {name} * \\ \" '");
                results.addAll(rows(text.executeQuery()));
            }
        }
        return results;
    }

    /** A session on one connection, in which the server keeps a value, and sends it back again and again. */
    private static List<String> keep(int port, String name) throws SQLException {
        List<String> results = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(url(port))) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("create temporary table kept (name text unique)");
            }
            try (PreparedStatement insert = connection.prepareStatement(
                            "insert into kept values (?) returning length(name) > 0, name");
                    PreparedStatement query =
                            connection.prepareStatement("select name, 'same' from kept where name = ?")) {
                insert.setString(1, name);
                results.addAll(rows(insert.executeQuery()));
                results.add(state(insert));
                for (int i = 0; i < 10; i++) {
                    query.setString(1, name);
                    results.addAll(rows(query.executeQuery()));
                }
            }
        }
        return results;
    }

    /** Executes one statement so often that it becomes one of the server, with binary parameters. */
    private static void insert(Connection connection, String name, Instant time, List<String> results)
            throws SQLException {
        byte[] photo = new byte[3_000];
        new Random(1).nextBytes(photo);
        try (PreparedStatement insert = connection.prepareStatement("insert into people values (?, ?, ?, ?)")) {
            for (int id = 1; id <= 8; id++) {
                insert.setInt(1, id);
                insert.setString(2, name);
                insert.setBytes(3, Arrays.copyOf(photo, id * photo.length / 8));
                insert.setTimestamp(4, Timestamp.from(time));
                results.add(Integer.toString(insert.executeUpdate()));
            }
        }
    }

    private static void batch(Connection connection, List<String> results) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("insert into people (id, name) values (?, ?)")) {
            for (int id = 101; id <= 350; id++) {
                insert.setInt(1, id);
                insert.setString(2, "in a batch " + id);
                insert.addBatch();
            }
            results.add(Arrays.toString(insert.executeBatch()));
        }
    }

    /** The server refuses a statement, and then another within a transaction, which goes on from a savepoint. */
    private static void failure(Connection connection, String name, List<String> results) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("insert into people (id, name) values (?, ?)")) {
            insert.setInt(1, 1);
            insert.setString(2, name);
            results.add(state(insert));
            connection.setAutoCommit(false);
            insert.setInt(1, 9);
            results.add(Integer.toString(insert.executeUpdate()));
            Savepoint savepoint = connection.setSavepoint("before");
            insert.setInt(1, 9);
            results.add(state(insert));
            results.add(state(insert));
            connection.rollback(savepoint);
            connection.commit();
            connection.setAutoCommit(true);
        }
        try (Statement statement = connection.createStatement()) {
            results.addAll(rows(statement.executeQuery("select name from people where id = 9")));
        }
    }

    /** Returns the SQLState of the failure. */
    private static String state(PreparedStatement statement) {
        try {
            return "no failure, but " + statement.executeUpdate();
        } catch (SQLException failure) {
            return failure.getSQLState();
        }
    }

    private static void transaction(Connection connection, List<String> results) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            results.add(Integer.toString(statement.executeUpdate("update people set name = 'lost' where id < 5")));
            connection.rollback();
            results.addAll(
                    rows(
                            statement.executeQuery(
                                    "select count(*) filter (where name = 'lost') || ' of 1, ' || max(name) from people where id = 1")));
            connection.commit();
        }
        connection.setAutoCommit(true);
    }

    /** Reads rows in parts. */
    private static void cursor(Connection connection, List<String> results) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement query = connection.prepareStatement(
                "select number, repeat('row ', 50) || number from generate_series(0, ?) number order by number")) {
            query.setFetchSize(70);
            query.setInt(1, ROWS - 1);
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    results.add(rows.getString(1));
                    results.add(rows.getString(2));
                }
            }
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    private static List<String> rows(ResultSet rows) throws SQLException {
        List<String> read = new ArrayList<>();
        try (rows) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                for (int column = 1; column <= columns; column++) {
                    read.add(
                            rows.getMetaData().getColumnTypeName(column).equals("bytea")
                                            && rows.getBytes(column) != null
                                    ? HexFormat.of().formatHex(rows.getBytes(column))
                                    : String.valueOf(rows.getString(column)));
                }
            }
        }
        return read;
    }

    /** Two connections of a pool, of which one waits for the other's lock. */
    private static List<String> pool(int port) throws Exception {
        List<String> results = new ArrayList<>();
        try (HikariDataSource pool = new HikariDataSource()) {
            pool.setJdbcUrl(url(port));
            pool.setMaximumPoolSize(2);
            pool.setMinimumIdle(0); // it connects when a connection is needed, and so always in the same order
            pool.setInitializationFailTimeout(-1);
            pool.setConnectionTimeout(60_000);
            try (Connection one = pool.getConnection();
                    Connection two = pool.getConnection();
                    Statement ofOne = one.createStatement();
                    Statement ofTwo = two.createStatement()) {
                one.setAutoCommit(false);
                results.addAll(rows(ofOne.executeQuery("select name from shared where id = 1 for update")));
                FutureTask<Integer> waiting = Background.inThread(
                        "waiting", () -> ofTwo.executeUpdate("update shared set name = 'by two' where id = 1"));
                results.add(Integer.toString(ofOne.executeUpdate("update shared set name = 'by one' where id = 1")));
                one.commit();
                results.add(Integer.toString(Background.result(waiting)));
                results.addAll(rows(ofTwo.executeQuery("select name from shared where id = 1")));
            }
        }
        return results;
    }
}
