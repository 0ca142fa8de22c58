package org.echoharness.maven;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.project.MavenProject;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.ServerAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a build publishes about its servers: their addresses, and address and token of their HTTP interface, as properties
 * of the project and in {@code echo/servers.properties} in its build directory. The file also names this process, so that a reader recognizes the file of a process that was killed.
 */
final class PublishedAddresses {

    private final Consumer<String> warnings;
    private final List<ServersListFile> files = new ArrayList<>();
    /** The properties of the project, then those of its copies. */
    private final List<PublishedProperties> projects = new ArrayList<>();

    /** The file with what clients of a server have to trust, by the id of the server. */
    private final Map<String, Path> certificates = new TreeMap<>();

    private SortedMap<String, String> current = new TreeMap<>();

    PublishedAddresses(MavenSession session, MavenProject project, Path buildDirectory, Consumer<String> warnings) {
        this.warnings = warnings;
        files.add(new ServersListFile(buildDirectory.resolve("echo").resolve("servers.properties"), warnings));
        projects.add(new PublishedProperties(session, project, warnings));
    }

    /** Returns the file in the build directory. */
    Path file() {
        return files.get(0).file();
    }

    /** Sets the properties of this copy of the project too, from the next update on. */
    void alsoTo(MavenSession session, MavenProject copy) {
        if (projects.stream().noneMatch(known -> known.isOf(copy))) {
            projects.add(projects.get(0).of(session, copy));
        }
    }

    /**
     * Writes the list to this file too, from the next update on.
     *
     * @throws IllegalStateException if it is not such a list
     */
    void alsoIn(Path file) throws IOException {
        if (!ServersListFile.isReplaceable(file)) {
            throw new IllegalStateException("portsFile (" + file
                    + ") exists and is no list of servers; name a file that may be replaced and deleted");
        }
        if (files.stream().noneMatch(known -> known.file().equals(file.toAbsolutePath()))) {
            files.add(new ServersListFile(file, warnings));
        }
    }

    /** Publishes this file too, from the next update on, as what clients of a server have to trust; null for none. */
    void certificate(String id, @Nullable Path file) {
        if (file == null) {
            certificates.remove(id);
        } else {
            certificates.put(id, file);
        }
    }

    /**
     * Publishes these servers, by id, in place of the earlier ones. If it throws, the earlier ones stay published.
     *
     * @throws IllegalStateException if a property that is stronger than the project's would hide one of these
     */
    void update(Map<String, EchoServer> servers) throws IOException {
        SortedMap<String, String> next = new TreeMap<>();
        servers.forEach((id, server) -> {
            next.putAll(properties(id, server.socketAddresses()));
            Path certificate = certificates.get(id);
            if (certificate != null) {
                next.put("echo.server." + id + ".certificate", certificate.toString());
            }
        });
        ProjectControl.member(servers).ifPresent(server -> {
            next.put("echo.control.url", server.controlUri().orElseThrow().toString());
            next.put("echo.control.token", server.controlToken().orElseThrow());
        });
        projects.forEach(project -> project.check(next));
        writeAll(next);
        projects.forEach(project -> project.set(next));
        current = next;
    }

    /** Removes all properties and files. */
    void clear() throws IOException {
        projects.forEach(project -> project.set(new TreeMap<>()));
        current = new TreeMap<>();
        for (ServersListFile file : files) {
            file.delete();
        }
    }

    /**
     * {@code echo.server.ID.host}, {@code port} and {@code address}, or {@code path} and {@code address} for a Unix socket;
     * {@code echo.server.ID.1.host} and so on follow.
     */
    static SortedMap<String, String> properties(String id, List<SocketAddress> addresses) {
        SortedMap<String, String> properties = new TreeMap<>();
        for (int i = 0; i < addresses.size(); i++) {
            ServerAddress bound = ServerAddress.of(addresses.get(i));
            String prefix = "echo.server." + id + (i == 0 ? "." : "." + i + ".");
            if (bound instanceof HostAndPort tcp) {
                bound = tcp.connectable();
                properties.put(prefix + "host", tcp.connectable().host());
                properties.put(prefix + "port", Integer.toString(tcp.port()));
            } else {
                properties.put(
                        prefix + "path", ((ServerAddress.Unix) bound).path().toString());
            }
            properties.put(prefix + "address", bound.toString());
        }
        return properties;
    }

    /** Writes all files or, as far as possible, none. */
    private void writeAll(SortedMap<String, String> next) throws IOException {
        try {
            for (ServersListFile file : files) {
                file.write(next);
            }
        } catch (IOException failed) {
            for (ServersListFile file : files) {
                try {
                    restore(file);
                } catch (IOException again) {
                    failed.addSuppressed(again);
                }
            }
            throw failed;
        }
    }

    private void restore(ServersListFile file) throws IOException {
        if (current.isEmpty()) {
            file.delete();
        } else {
            file.write(current);
        }
    }
}
