package org.echoharness.maven;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.maven.execution.MavenExecutionResult;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.logging.Log;
import org.apache.maven.project.MavenProject;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.LineBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The servers that run for one project. It is kept in the plugin's context, of which a session has one for each project.
 * The thread that builds the project uses it, and the one that ends the session.
 */
final class ProjectServers {

    private static final String KEY = ProjectServers.class.getName();

    /** The project, or the copy of it that a forked lifecycle has, whose start was the last that started one. */
    private MavenProject project;

    private final Path buildDirectory;
    private final Log log;
    private final MavenExecutionResult result;
    private final PublishedAddresses published;
    private final Map<String, EchoServer> running = new TreeMap<>();
    private final Map<String, ServerRecording> recorded = new TreeMap<>();
    /** The warnings of a server, by its id, on their way to the log, for which no server waits. */
    private final Map<String, LineBuffer> warnings = new HashMap<>();

    /** Which execution started a server, by its id. */
    private final Map<String, String> starters = new HashMap<>();

    private boolean ended;

    ProjectServers(MavenSession session, MavenProject project, Path buildDirectory, Log log) {
        this.project = project;
        this.buildDirectory = buildDirectory;
        this.log = log;
        result = session.getResult();
        published = new PublishedAddresses(session, project, buildDirectory, log::warn);
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

    /** The server that keeps others from the address, as errors name it; null if none of these does. */
    synchronized @Nullable String listeningOn(HostAndPort address) {
        for (Map.Entry<String, EchoServer> server : running.entrySet()) {
            if (server.getValue().addresses().stream()
                    .anyMatch(bound ->
                            bound.getPort() == address.port() && overlap(bound.getAddress(), address.host()))) {
                return "server " + server.getKey() + " of " + project.getGroupId() + ":" + project.getArtifactId();
            }
        }
        return null;
    }

    private static boolean overlap(InetAddress bound, String host) {
        if (bound.isAnyLocalAddress() || host.equals("*")) {
            return true;
        }
        try {
            return Stream.of(InetAddress.getAllByName(host))
                    .anyMatch(address -> address.isAnyLocalAddress() || address.equals(bound));
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    /** Publishes to this copy of the project too, from the next start on: a forked lifecycle has one of its own. */
    synchronized void publishTo(MavenSession session, MavenProject copy) {
        published.alsoTo(session, copy);
    }

    /**
     * Starts servers and publishes where they listen, in a file of the user's choice too: all or none. What the same
     * execution started before goes on: in a forked lifecycle, or in a second phase of the command line, it runs again.
     *
     * @throws NotStarted if one of an id runs, if the build has ended, if one cannot listen, or if they cannot be published
     */
    synchronized void start(List<PlannedServer> servers, @Nullable Path portsFile, MavenProject of, String execution)
            throws NotStarted {
        List<PlannedServer> started = new ArrayList<>();
        PlannedServer starting = null;
        try {
            for (PlannedServer server : servers) {
                starting = server;
                if (!running.containsKey(server.id()) || !execution.equals(starters.get(server.id()))) {
                    start(server);
                    started.add(server);
                }
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
        if (!started.isEmpty()) {
            project = of;
        }
        for (PlannedServer server : servers) {
            starters.put(server.id(), execution);
            log.info("server " + server.id() + (started.contains(server) ? " listens on " : " goes on at ")
                    + addresses(server.id()));
        }
    }

    private void start(PlannedServer server) throws IOException {
        if (ended) {
            throw new IllegalStateException("the build has ended");
        }
        if (running.containsKey(server.id())) {
            throw new IllegalStateException(
                    "a server of this id runs in this project already, started by the execution "
                            + starters.get(server.id()) + "; give each an id of its own, in its <server> or in the"
                            + " <configuration> of its start");
        }
        ServerRecording files = server.records() ? new ServerRecording(buildDirectory, server.id()) : null;
        if (files != null) {
            files.prepare();
            recorded.put(server.id(), files);
        }
        Consumer<String> direct = line -> log.warn("server " + server.id() + ": " + line);
        LineBuffer lines = new LineBuffer(direct);
        Thread building = Thread.currentThread(); // it logs the next line itself
        warnings.put(server.id(), lines);
        try {
            running.put(
                    server.id(),
                    server.options()
                            .warnings(line -> (Thread.currentThread() == building ? direct : lines).accept(line))
                            .start());
        } catch (IOException | RuntimeException refused) {
            forget(server);
            throw refused;
        }
    }

    private void forget(PlannedServer server) {
        recorded.remove(server.id());
        EchoServer started = running.remove(server.id());
        if (started != null) {
            started.close();
        }
        printWarnings(server.id());
    }

    /** All that the server warned of, now that it warns no more. */
    private void printWarnings(String id) {
        LineBuffer lines = warnings.remove(id);
        if (lines != null) {
            lines.close();
        }
    }

    /** Whether this is the copy of the project in a lifecycle that was forked while the servers ran: others need them. */
    @SuppressWarnings("ReferenceEquality") // a copy equals its project
    synchronized boolean areOutside(MavenProject fork) {
        for (MavenProject outer = project; outer.getExecutionProject() != outer; outer = outer.getExecutionProject()) {
            if (outer.getExecutionProject() == fork) {
                return !running.isEmpty();
            }
        }
        return false;
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
                        + String.join(", ", running.keySet()) + "; correct the <ids> of stop"));
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
            log.warn("the list of servers still has those that are stopped now: " + FileErrors.text(left));
        }
        for (String id : ids) {
            EchoServer server = runningBy(id);
            running.remove(id);
            server.failure()
                    .ifPresent(failure -> log.warn("server " + id + " had closed by itself before: " + failure));
            server.close();
            printWarnings(id);
            log.info("server " + id + " stopped" + occasion + recorded(id, server));
        }
    }

    /**
     * Writes the recording. Where it cannot be written, the build is to fail, but not at once: what follows would be left
     * out, Failsafe's look at the results of the tests above all.
     */
    private String recorded(String id, EchoServer server) {
        ServerRecording files = recorded.remove(id);
        if (files == null) {
            return "";
        }
        String unwritten = files.write(server.recording());
        if (unwritten == null) {
            return "; its recording is in " + files.folder();
        }
        log.warn(unwritten);
        result.addException(new MojoExecutionException(
                "server " + id + " of " + project.getGroupId() + ":" + project.getArtifactId() + ": " + unwritten));
        return "";
    }

    private static String ids(List<PlannedServer> servers) {
        return servers.stream().map(PlannedServer::id).collect(Collectors.joining(", "));
    }

    private String addresses(String id) {
        return runningBy(id).addresses().stream()
                .map(bound -> HostAndPort.of(bound).toString())
                .collect(Collectors.joining(", "));
    }

    /** The server of this id, which runs. */
    EchoServer runningBy(String id) {
        return Objects.requireNonNull(running.get(id));
    }

    /** A server that is to start, and where it is to listen. */
    record PlannedServer(String id, EchoServer.Builder options, boolean records, List<HostAndPort> addresses) {}

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
