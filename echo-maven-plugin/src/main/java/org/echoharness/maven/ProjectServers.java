package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.maven.execution.MavenSession;
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
    private final Path buildDirectory;
    private final Log log;
    private final Published published;
    private final Map<String, EchoServer> running = new TreeMap<>();
    private final Map<String, RecordingFiles> recorded = new TreeMap<>();
    private boolean ended;

    ProjectServers(MavenSession session, MavenProject project, Path buildDirectory, Log log) {
        this.project = project;
        this.buildDirectory = buildDirectory;
        this.log = log;
        published = new Published(session, project.getProperties(), buildDirectory, log::warn);
    }

    /** Those in the context; where there are none, new ones are put there. */
    @SuppressWarnings("unchecked") // Maven's own type is the raw one
    static ProjectServers in(
            Map<?, ?> context, MavenSession session, MavenProject project, Path buildDirectory, Log log) {
        return (ProjectServers) ((Map<Object, Object>) context)
                .computeIfAbsent(KEY, key -> new ProjectServers(session, project, buildDirectory, log));
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
     * Starts servers and publishes where they listen, in a file of the user's choice too: all or none.
     *
     * @throws NotStarted if one of an id runs, if the build has ended, if one cannot listen, or if they cannot be published
     */
    synchronized void start(List<Planned> servers, @Nullable Path portsFile) throws NotStarted {
        List<Planned> started = new ArrayList<>();
        Planned starting = null;
        try {
            for (Planned server : servers) {
                starting = server;
                start(server);
                started.add(server);
            }
            starting = null;
            if (portsFile != null) {
                published.alsoIn(portsFile);
            }
            published.update(running);
        } catch (IllegalStateException | IOException refused) {
            started.forEach(this::forget);
            throw new NotStarted(starting == null ? ids(servers) : starting.id(), refused);
        }
        for (Planned server : servers) {
            log.info("server " + server.id() + " listens on " + addresses(server.id()));
        }
    }

    private void start(Planned server) throws IOException {
        if (ended) {
            throw new IllegalStateException("the build has ended");
        }
        if (running.containsKey(server.id())) {
            throw new IllegalStateException(
                    "a server of this id runs in this project already; give each an id of its own,"
                            + " in its <server> or in the <configuration> of its start");
        }
        RecordingFiles files = server.records() ? new RecordingFiles(buildDirectory, server.id()) : null;
        if (files != null) {
            files.clear();
            recorded.put(server.id(), files);
        }
        running.put(server.id(), server.options().start());
    }

    private void forget(Planned server) {
        recorded.remove(server.id());
        EchoServer started = running.remove(server.id());
        if (started != null) {
            started.close();
        }
    }

    /** Takes back what was published and stops what runs; the occasion, if any, goes into the log. */
    synchronized void stop(String occasion) {
        stop(List.copyOf(running.keySet()), occasion);
    }

    /** Stops those of these ids; one that does not run while others do draws a warning. */
    synchronized void stop(Collection<String> ids) {
        if (running.isEmpty()) {
            return;
        }
        ids.stream()
                .filter(id -> !running.containsKey(id))
                .forEach(id -> log.warn("no server " + id + " runs in this project, only "
                        + String.join(", ", running.keySet()) + "; mend the <ids> of stop"));
        stop(ids.stream().filter(running::containsKey).distinct().toList(), "");
    }

    /** As {@link #stop(String)}, and for good. */
    synchronized void end(String occasion) {
        ended = true;
        stop(occasion);
    }

    private void stop(List<String> ids, String occasion) {
        Map<String, EchoServer> staying = new TreeMap<>(running);
        staying.keySet().removeAll(ids);
        try {
            if (staying.isEmpty()) {
                published.clear();
            } else {
                published.update(staying);
            }
        } catch (IOException left) {
            log.warn("the list of servers still has those that are stopped now: " + left);
        }
        for (String id : ids) {
            EchoServer server = runningBy(id);
            running.remove(id);
            server.close();
            log.info("server " + id + " stopped" + occasion + recorded(id, server));
        }
    }

    private String recorded(String id, EchoServer server) {
        RecordingFiles files = recorded.remove(id);
        return files != null && files.write(server.recording(), log) ? "; its recording is in " + files.folder() : "";
    }

    private static String ids(List<Planned> servers) {
        return servers.stream().map(Planned::id).collect(Collectors.joining(", "));
    }

    private String addresses(String id) {
        return runningBy(id).addresses().stream()
                .map(bound -> HostAndPort.of(bound).toString())
                .collect(Collectors.joining(", "));
    }

    private EchoServer runningBy(String id) {
        return Objects.requireNonNull(running.get(id));
    }

    /** A server that is to start. */
    record Planned(String id, EchoServer.Builder options, boolean records) {}

    /** Why servers did not start, and which; nothing of them is left. */
    static final class NotStarted extends Exception {

        private static final long serialVersionUID = 1;

        private final String ids;
        private final Exception refusal;

        NotStarted(String ids, Exception refusal) {
            super(refusal);
            this.ids = ids;
            this.refusal = refusal;
        }

        Exception refusal() {
            return refusal;
        }

        String ids() {
            return ids;
        }
    }
}
