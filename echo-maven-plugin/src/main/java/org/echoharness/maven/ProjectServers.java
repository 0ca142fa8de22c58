package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.maven.plugin.logging.Log;
import org.apache.maven.project.MavenProject;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.jspecify.annotations.Nullable;

/**
 * The servers that run for one project. It is kept in the plugin's context, of which a session has one for each project.
 * The thread that builds the project uses it, and the one that ends the session.
 */
final class ProjectServers {

    private static final String KEY = ProjectServers.class.getName();

    private final MavenProject project;
    private final Log log;
    private final Published published;
    private final Map<String, EchoServer> running = new TreeMap<>();
    private boolean ended;

    ProjectServers(MavenProject project, Path buildDirectory, Log log) {
        this.project = project;
        this.log = log;
        published = new Published(project.getProperties(), buildDirectory);
    }

    /** Those in the context; where there are none, new ones are put there. */
    @SuppressWarnings("unchecked") // Maven's own type is the raw one
    static ProjectServers in(Map<?, ?> context, MavenProject project, Path buildDirectory, Log log) {
        return (ProjectServers) ((Map<Object, Object>) context)
                .computeIfAbsent(KEY, key -> new ProjectServers(project, buildDirectory, log));
    }

    /** Those in the context, if {@code start} was there. */
    static @Nullable ProjectServers in(Map<?, ?> context) {
        return (ProjectServers) context.get(KEY);
    }

    /** Whether they are this project's; Maven may hand out copies of a project. */
    boolean belongTo(MavenProject other) {
        return project.getId().equals(other.getId());
    }

    /**
     * Starts a server and publishes where it listens: both or neither.
     *
     * @throws IllegalStateException if one of that id runs, or if the build has ended
     * @throws IOException if it cannot listen, or if the file cannot be written
     */
    synchronized void start(String id, EchoServer.Builder options) throws IOException {
        if (ended) {
            throw new IllegalStateException("the build has ended");
        }
        if (running.containsKey(id)) {
            throw new IllegalStateException(
                    "a server of this id runs in this project already; give each start an id of its own, in its <configuration>");
        }
        EchoServer server = options.start();
        running.put(id, server);
        try {
            published.update(running);
        } catch (Throwable failed) {
            running.remove(id);
            server.close();
            throw failed;
        }
        log.info("server " + id + " listens on " + addresses(server));
    }

    /** Takes back what was published and stops what runs; the occasion, if any, goes into the log. */
    synchronized void stop(String occasion) {
        try {
            published.clear();
        } catch (IOException left) {
            log.warn("cannot delete the list of servers that ran: " + left);
        }
        running.forEach((id, server) -> {
            server.close();
            log.info("server " + id + " stopped" + occasion);
        });
        running.clear();
    }

    /** As {@link #stop}, and for good. */
    synchronized void end(String occasion) {
        ended = true;
        stop(occasion);
    }

    private static String addresses(EchoServer server) {
        return server.addresses().stream()
                .map(bound -> HostAndPort.of(bound).toString())
                .collect(Collectors.joining(", "));
    }
}
