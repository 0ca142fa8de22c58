package org.echoharness.clients;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.echoharness.support.Background;
import org.echoharness.support.ForkedProcess;
import org.tukaani.xz.XZInputStream;

/**
 * A PostgreSQL of the test's own on a port of 127.0.0.1, with an empty database. Its programs come from Maven Central. It
 * refuses to run as root: then it runs as the user {@code nobody}.
 */
final class PostgresServer implements AutoCloseable {

    private static final String ARCHIVE = "/postgres-linux-" + processor() + ".txz";
    private static final String SUPERUSER = "postgres";

    private final ServerProcess process;

    private PostgresServer(ServerProcess process) {
        this.process = process;
    }

    static PostgresServer start() throws Exception {
        if (!System.getProperty("os.name").equals("Linux") || PostgresServer.class.getResource(ARCHIVE) == null) {
            ServerProcess.skip("there is no PostgreSQL for this system on the class path, " + ARCHIVE);
        }
        Path folder = Files.createTempDirectory("postgres");
        try {
            List<String> as = asUser(folder);
            extract(as, folder);
            String data = folder.resolve("data").toString();
            run(
                    as,
                    folder.resolve("bin/initdb").toString(),
                    "--pgdata=" + data,
                    "--username=" + SUPERUSER,
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync");
            return new PostgresServer(ServerProcess.start(
                    folder,
                    port -> ForkedProcess.by(
                            as,
                            List.of(
                                    folder.resolve("bin/postgres").toString(),
                                    "-D",
                                    data,
                                    "-p",
                                    Integer.toString(port),
                                    "-F", // no fsync
                                    "-c",
                                    "listen_addresses=127.0.0.1",
                                    "-c",
                                    "unix_socket_directories=",
                                    "-c",
                                    "shared_buffers=16MB",
                                    "-c",
                                    "dynamic_shared_memory_type=mmap")),
                    "database system is ready to accept connections",
                    "INT"));
        } catch (Throwable failed) {
            ServerProcess.delete(folder);
            throw failed;
        }
    }

    private static String processor() {
        return System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64";
    }

    /** What goes before a command of PostgreSQL, whose folder this is: root cedes it to another user, who runs the command. */
    private static List<String> asUser(Path folder) throws Exception {
        if (!Files.getAttribute(folder, "unix:uid").equals(0)) {
            return List.of();
        }
        List<String> nobody = List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--");
        Files.setOwner(
                folder, folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
        if (!ForkedProcess.works(ForkedProcess.by(nobody, List.of("test", "-w", folder.toString())))) {
            ServerProcess.skip(
                    "PostgreSQL does not run as root, and here setpriv cannot run it as nobody in " + folder);
        }
        return nobody;
    }

    private static void extract(List<String> as, Path folder) throws Exception {
        List<String> tar = ForkedProcess.by(as, List.of("tar", "-x", "-C", folder.toString()));
        Process process = new ProcessBuilder(tar)
                .inheritIO()
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .start();
        try (InputStream packed = PostgresServer.class.getResourceAsStream(ARCHIVE);
                InputStream archive = new XZInputStream(packed);
                OutputStream out = process.getOutputStream()) {
            archive.transferTo(out);
        } catch (IOException e) {
            process.destroyForcibly();
            throw e;
        }
        if (!process.waitFor(Background.LONGEST.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException("tar cannot extract " + ARCHIVE);
        }
    }

    private static void run(List<String> as, String... command) throws Exception {
        List<String> whole = new ArrayList<>(as);
        whole.addAll(List.of(command));
        try (ForkedProcess process = new ForkedProcess(whole)) {
            if (process.awaitExit() != 0) {
                throw new IOException(
                        command[0] + " failed:\n" + process.lines().text());
            }
        }
    }

    int port() {
        return process.port();
    }

    /** The URL of the database on this port, which may be another's that stands before this server. */
    String url(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + SUPERUSER + "?user=" + SUPERUSER
                + "&sslmode=disable&gssEncMode=disable";
    }

    @Override
    public void close() {
        process.close();
    }
}
