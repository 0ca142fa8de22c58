package org.echoharness.maven;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
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
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugin.logging.Log;
import org.apache.maven.project.MavenProject;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.LineBuffer;
import org.echoharness.ServerAddress;
import org.echoharness.text.StartLine;
import org.jspecify.annotations.Nullable;

/**
 * The servers that run for one project. The plugin's context keeps this object; a session has one context for each
 * project. The thread that builds the project uses it, and the thread that ends the session.
 */
final class ProjectServers {

    /** The property of the parameter {@code checkScript} of {@code stop}. */
    static final String CHECK_SCRIPT = "echo.checkScript";

    private static final String KEY = ProjectServers.class.getName();

    /**
     * The project, or its copy in a forked lifecycle, whose execution of {@code start} was the last to start a server.
     */
    private MavenProject project;

    private final Path buildDirectory;
    private final Log log;
    private final MavenExecutionResult result;
    private final boolean checksScriptAtEnd;
    private final PublishedAddresses published;
    private final ProjectControl control = new ProjectControl();
    private final Map<String, EchoServer> running = new TreeMap<>();
    private final Map<String, ServerRecording> recorded = new TreeMap<>();
    /** The warnings of each server, by id, on their way to the log. No server waits for the log. */
    private final Map<String, LineBuffer> warnings = new HashMap<>();

    /** The execution that started each server, by id. */
    private final Map<String, String> starters = new HashMap<>();

    private boolean ended;

    ProjectServers(MavenSession session, MavenProject project, Path buildDirectory, Log log) {
        this.project = project;
        this.buildDirectory = buildDirectory;
        this.log = log;
        result = session.getResult();
        checksScriptAtEnd = !"false"
                .equals(session.getUserProperties()
                        .getProperty(CHECK_SCRIPT, project.getProperties().getProperty(CHECK_SCRIPT)));
        published = new PublishedAddresses(session, project, buildDirectory, log::warn);
    }

    /** Returns the servers in the context. If it has none, puts a new object there. */
    @SuppressWarnings("unchecked") // Maven's own type is the raw one
    static ProjectServers in(
            Map<?, ?> context, MavenSession session, MavenProject project, Path buildDirectory, Log log) {
        return (ProjectServers) ((Map<Object, Object>) context)
                .computeIfAbsent(KEY, key -> new ProjectServers(session, project, buildDirectory, log));
    }

    /** Returns the servers in the context; null if {@code start} has not run. */
    static @Nullable ProjectServers in(Map<?, ?> context) {
        return (ProjectServers) context.get(KEY);
    }

    /** Returns whether the servers belong to this project. Maven may pass copies of a project. */
    boolean belongTo(MavenProject other) {
        return project.getId().equals(other.getId());
    }

    /** Returns what keeps others from the address, for errors: a server or the interface; null if none of these does. */
    synchronized @Nullable String listeningOn(ServerAddress address) {
        for (Map.Entry<String, EchoServer> server : running.entrySet()) {
            if (server.getValue().socketAddresses().stream().anyMatch(bound -> overlap(bound, address))) {
                return named(server.getKey());
            }
        }
        return ProjectControl.member(running)
                .flatMap(EchoServer::controlUri)
                .filter(control -> overlap(new InetSocketAddress(control.getHost(), control.getPort()), address))
                .map(control -> "the HTTP interface of " + named())
                .orElse(null);
    }

    private static boolean overlap(SocketAddress bound, ServerAddress asked) {
        if (bound instanceof InetSocketAddress inet && asked instanceof HostAndPort tcp) {
            return inet.getPort() == tcp.port() && overlap(inet.getAddress(), tcp.host());
        }
        return ServerAddress.of(bound).equals(asked);
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

    /** Publishes to this copy of the project too, from the next start on. A forked lifecycle has its own copy. */
    synchronized void publishTo(MavenSession session, MavenProject copy) {
        published.alsoTo(session, copy);
    }

    /**
     * Starts servers and publishes where they listen, also in a file that the user chooses: all or none. Servers that
     * the same execution started before go on: in a forked lifecycle, or in a second phase of the command line, an
     * execution runs again.
     *
     * @throws NotStarted if one of an id runs, if the build has ended, if one cannot listen, or if they cannot be published
     */
    synchronized void start(List<PlannedServer> servers, @Nullable Path portsFile, MavenProject of, String execution)
            throws NotStarted {
        List<PlannedServer> started = new ArrayList<>();
        PlannedServer starting = null;
        boolean hadControl = ProjectControl.member(running).isPresent();
        try {
            for (PlannedServer server : servers) {
                starting = server;
                if (!running.containsKey(server.id()) || !execution.equals(starters.get(server.id()))) {
                    start(server, execution);
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
                    + addresses(server.id())
                    + StartLine.tls(server.tls(), runningBy(server.id()).speaksTls()));
        }
        if (!hadControl) {
            ProjectControl.member(running)
                    .flatMap(EchoServer::controlUri)
                    .ifPresent(uri -> log.info("control at " + uri + ", with the token in " + published.file()));
        }
    }

    private void start(PlannedServer server, String execution) throws IOException {
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
            control.addTo(server.options(), server.id(), server.control(), execution, running);
            EchoServer started = server.options()
                    .warnings(line -> (Thread.currentThread() == building ? direct : lines).accept(line))
                    .start();
            running.put(server.id(), started);
            published.certificate(server.id(), server.certificate());
            if (server.isRecorded()) {
                started.recording().title(named(server.id()));
            }
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

    /** Logs the rest of the server's warnings, after the server has ended. */
    private void printWarnings(String id) {
        LineBuffer lines = warnings.remove(id);
        if (lines != null) {
            lines.close();
        }
    }

    /**
     * Returns whether this is the copy of the project in a lifecycle that was forked while the servers ran, so that the
     * build around it needs them.
     */
    @SuppressWarnings("ReferenceEquality") // a copy equals its project
    synchronized boolean areOutside(MavenProject fork) {
        for (MavenProject outer = project; outer.getExecutionProject() != outer; outer = outer.getExecutionProject()) {
            if (outer.getExecutionProject() == fork) {
                return !running.isEmpty();
            }
        }
        return false;
    }

    /**
     * Removes what was published and stops the servers. The log line ends with the occasion, if any.
     *
     * @param checksScript whether the build fails if the script of one was not met
     */
    synchronized void stop(String occasion, boolean checksScript) {
        stop(List.copyOf(running.keySet()), occasion, checksScript);
    }

    /** Stops the servers with these ids. If one does not run while others do, logs a warning. */
    synchronized void stop(Collection<String> ids, boolean checksScript) {
        if (running.isEmpty()) {
            return;
        }
        ids.stream()
                .filter(id -> !running.containsKey(id))
                .forEach(id -> log.warn("no server " + id + " runs in this project, only "
                        + String.join(", ", running.keySet()) + "; correct the <ids> of stop"));
        stop(ids.stream().filter(running::containsKey).distinct().toList(), "", checksScript);
    }

    /** Like {@link #stop(String, boolean)}, but no server can start afterwards. */
    synchronized void end(String occasion) {
        ended = true;
        stop(occasion, checksScriptAtEnd);
    }

    private void stop(List<String> ids, String occasion, boolean checksScript) {
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
            String unmet = checksScript ? UnmetScript.describeWithCure(server) : null;
            if (unmet != null) {
                result.addException(new MojoFailureException(named(id) + ": " + unmet));
            }
        }
    }

    /**
     * Writes the recording. If that fails, the build must fail, but not at once: otherwise later goals would not run,
     * above all Failsafe's check of the test results.
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
        result.addException(new MojoExecutionException(named(id) + ": " + unwritten));
        return "";
    }

    private String named(String id) {
        return "server " + id + " of " + named();
    }

    private String named() {
        return project.getGroupId() + ":" + project.getArtifactId();
    }

    private static String ids(List<PlannedServer> servers) {
        return servers.stream().map(PlannedServer::id).collect(Collectors.joining(", "));
    }

    private String addresses(String id) {
        return runningBy(id).socketAddresses().stream()
                .map(bound -> ServerAddress.of(bound).toString())
                .collect(Collectors.joining(", "));
    }

    /** Returns the running server with this id. */
    EchoServer runningBy(String id) {
        return Objects.requireNonNull(running.get(id));
    }

    /**
     * A server to start.
     *
     * @param records whether its recording is written to files at the end
     * @param isRecorded whether it records
     * @param control its HTTP interface; null if it has none
     * @param tls the value of its option, such as {@code self-signed}
     * @param certificate the file with what its clients have to trust; null if it has none
     */
    record PlannedServer(
            String id,
            EchoServer.Builder options,
            boolean records,
            boolean isRecorded,
            ProjectControl.@Nullable Choice control,
            String tls,
            @Nullable Path certificate,
            List<ServerAddress> addresses) {}

    /** Reports which servers did not start, and why. None of them is left running. */
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
