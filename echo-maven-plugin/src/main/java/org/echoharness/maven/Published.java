package org.echoharness.maven;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;

/**
 * What a build is told of its servers: properties of the project, and {@code echo/servers.properties} in its build
 * directory, which names this process too, so that a reader knows a file that was left behind by one that was killed.
 */
final class Published {

    private final Properties projectProperties;
    private final Path file;
    private SortedMap<String, String> current = new TreeMap<>();

    Published(Properties projectProperties, Path buildDirectory) {
        this.projectProperties = projectProperties;
        file = buildDirectory.resolve("echo").resolve("servers.properties");
    }

    /** Publishes these servers, by id, in place of those before; if it throws, those before stay published. */
    void update(Map<String, EchoServer> servers) throws IOException {
        SortedMap<String, String> next = new TreeMap<>();
        servers.forEach((id, server) -> next.putAll(properties(id, server.addresses())));
        write(next);
        projectProperties.keySet().removeAll(current.keySet());
        projectProperties.putAll(next);
        current = next;
    }

    /** Takes everything back. */
    void clear() throws IOException {
        projectProperties.keySet().removeAll(current.keySet());
        if (!current.isEmpty()) {
            current = new TreeMap<>();
            Files.deleteIfExists(file);
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

    /** Readers see the old file or the new one, never a part. No value needs an escape. */
    private void write(SortedMap<String, String> servers) throws IOException {
        SortedMap<String, String> all = new TreeMap<>(servers);
        ProcessHandle self = ProcessHandle.current();
        all.put("echo.pid", Long.toString(self.pid()));
        self.info().startInstant().ifPresent(start -> all.put("echo.started", Long.toString(start.toEpochMilli())));
        StringBuilder text = new StringBuilder();
        all.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
        Path folder = Files.createDirectories(file.resolveSibling(""));
        Path written = Files.createTempFile(folder, "servers", ".tmp");
        try {
            Files.writeString(written, text);
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(written);
        }
    }
}
