package org.echoharness.maven;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.maven.execution.MavenSession;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;

/**
 * What a build is told of its servers: properties of the project, and {@code echo/servers.properties} in its build
 * directory, which names this process too, so that a reader knows a file that was left behind by one that was killed.
 */
final class Published {

    private static final String PID = "echo.pid";

    private final List<Properties> stronger;
    private final Properties projectProperties;
    private final Consumer<String> warnings;
    private final Set<Path> files = new LinkedHashSet<>();
    private final Properties hidden = new Properties();
    private SortedMap<String, String> current = new TreeMap<>();

    Published(MavenSession session, Properties projectProperties, Path buildDirectory, Consumer<String> warnings) {
        stronger = List.of(session.getUserProperties(), session.getSystemProperties());
        this.projectProperties = projectProperties;
        this.warnings = warnings;
        files.add(buildDirectory.resolve("echo").resolve("servers.properties"));
    }

    /**
     * From the next update on, the list is in this file too.
     *
     * @throws IllegalStateException if it is a file of somebody else
     */
    void alsoIn(Path file) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !isOurs(file)) {
            throw new IllegalStateException("portsFile (" + file
                    + ") exists and is no list of servers; name a file that may be replaced and deleted");
        }
        files.add(file);
    }

    private static boolean isOurs(Path file) throws IOException {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                && Files.readString(file, StandardCharsets.ISO_8859_1).startsWith(PID + "=");
    }

    /**
     * Publishes these servers, by id, in place of those before; if it throws, those before stay published.
     *
     * @throws IllegalStateException if a property that is stronger than the project's would hide one of these
     */
    void update(Map<String, EchoServer> servers) throws IOException {
        SortedMap<String, String> next = new TreeMap<>();
        servers.forEach((id, server) -> next.putAll(properties(id, server.addresses())));
        next.keySet().forEach(this::refuseToBeHidden);
        writeAll(next);
        next.keySet().forEach(this::keepWhatThePomSays);
        takeBack();
        projectProperties.putAll(next);
        current = next;
    }

    /** Takes everything back. */
    void clear() throws IOException {
        takeBack();
        if (!current.isEmpty()) {
            current = new TreeMap<>();
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
    }

    private void takeBack() {
        projectProperties.keySet().removeAll(current.keySet());
        projectProperties.putAll(hidden);
    }

    private void refuseToBeHidden(String name) {
        for (Properties properties : stronger) {
            if (properties.containsKey(name)) {
                throw new IllegalStateException(name + " (" + properties.getProperty(name)
                        + ") is a property of the command line already and would hide the server's; leave it out there,"
                        + " or set echo.skip where another server is meant");
            }
        }
    }

    private void keepWhatThePomSays(String name) {
        if (!current.containsKey(name) && projectProperties.containsKey(name) && !hidden.containsKey(name)) {
            hidden.setProperty(name, projectProperties.getProperty(name));
            warnings.accept(
                    "the POM defines " + name + " (" + projectProperties.getProperty(name)
                            + "): where the POM uses it, that value is put in before the server has its port; remove the property");
        }
    }

    /** {@code echo.server.ID.host}, {@code port} and {@code address}; {@code echo.server.ID.1.host} and so on follow. */
    static SortedMap<String, String> properties(String id, List<InetSocketAddress> addresses) {
        SortedMap<String, String> properties = new TreeMap<>();
        for (int i = 0; i < addresses.size(); i++) {
            HostAndPort reachable = HostAndPort.of(addresses.get(i)).connectable();
            String prefix = "echo.server." + id + (i == 0 ? "." : "." + i + ".");
            properties.put(prefix + "host", reachable.host());
            properties.put(prefix + "port", Integer.toString(reachable.port()));
            properties.put(prefix + "address", reachable.toString());
        }
        return properties;
    }

    /** All files or, as far as can be, none. */
    private void writeAll(SortedMap<String, String> next) throws IOException {
        try {
            for (Path file : files) {
                write(file, next);
            }
        } catch (IOException failed) {
            for (Path file : files) {
                try {
                    restore(file);
                } catch (IOException again) {
                    failed.addSuppressed(again);
                }
            }
            throw failed;
        }
    }

    private void restore(Path file) throws IOException {
        if (!current.isEmpty()) {
            write(file, current);
        } else if (Files.exists(file) && isOurs(file)) {
            Files.delete(file);
        }
    }

    /** Readers see the old file or the new one, never a part. No value needs an escape. */
    private static void write(Path file, SortedMap<String, String> servers) throws IOException {
        SortedMap<String, String> all = new TreeMap<>(servers);
        ProcessHandle self = ProcessHandle.current();
        all.put(PID, Long.toString(self.pid()));
        self.info().startInstant().ifPresent(start -> all.put("echo.started", Long.toString(start.toEpochMilli())));
        StringBuilder text = new StringBuilder();
        all.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
        Path folder = Files.createDirectories(file.toAbsolutePath().resolveSibling(""));
        Path written = Files.createTempFile(folder, "servers", ".tmp");
        try {
            Files.writeString(written, text);
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(written);
        }
    }
}
