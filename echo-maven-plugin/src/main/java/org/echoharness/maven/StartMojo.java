package org.echoharness.maven;

import java.io.File;
import java.net.BindException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.ServerAddress;
import org.jspecify.annotations.Nullable;

/**
 * Starts echo servers in Maven's own JVM and publishes where they listen: in the project properties {@code
 * echo.server.ID.host}, {@code echo.server.ID.port} and {@code echo.server.ID.address}, and in {@code
 * target/echo/servers.properties}. A Unix socket has {@code echo.server.ID.path} in place of host and port. A server that
 * speaks TLS also has {@code echo.server.ID.certificate}, the PEM file with the certificate that its clients have to trust. The servers
 * share one HTTP interface, by which tests and people look at them and control them; its address and token are published as
 * {@code echo.control.url} and {@code echo.control.token}. The servers end when {@code stop} runs, when the project fails, or when the build
 * ends. It starts nothing if the integration tests are skipped: by {@code skipITs}, {@code maven.test.skip} or {@code
 * maven.test.skip.exec}, and by {@code skipTests} unless the project has Failsafe 3.6.0 or later, which runs them
 * nevertheless.
 *
 * @since 0.1.0
 */
@Mojo(name = "start", defaultPhase = LifecyclePhase.PRE_INTEGRATION_TEST, threadSafe = true)
@SuppressWarnings("NullAway.Init") // Maven sets the parameters
public final class StartMojo extends ServerMojo {

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]+");
    private static final String DEFAULT_ID = "default";
    private static final String DEFAULT_ADDRESS = "127.0.0.1:0";
    private static final String DEFAULT_CONTROL = "127.0.0.1:0";

    /**
     * The name of the server within its project: letters, digits, {@code -} and {@code _}. It is part of the names of the
     * properties.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.id", defaultValue = DEFAULT_ID)
    String id;

    /**
     * Where to listen: one or several of {@code host:port}, {@code [v6]:port} and {@code *:port} (every interface, both
     * families), on the command line with commas between them. Port 0 lets the kernel pick a free one. {@code unix:PATH}
     * is a Unix socket, whose relative path begins at the project's directory; {@code unix:} alone is a file in a private
     * temporary folder.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.addresses", defaultValue = DEFAULT_ADDRESS)
    List<String> addresses;

    /**
     * Several servers, in place of {@code id} and {@code addresses}: a {@code <server>} each, with its {@code <id>} and
     * any options of a server. The options have the names of this goal's parameters: {@code <addresses>}, {@code
     * <faults>}, {@code <record>} and so on. A server without an option of its own uses the goal's. The default is one
     * server.
     *
     * @since 0.1.0
     */
    @Parameter
    @Nullable
    List<Server> servers;

    /**
     * A second file with the same list as {@code target/echo/servers.properties}. No other project may use it. It is
     * deleted when the servers stop. The default is none.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.portsFile")
    @Nullable
    File portsFile;

    /**
     * The address of the HTTP interface that the servers of the project share, {@code host:port}, {@code [v6]:port} or {@code
     * *:port}, or {@code none}. With port 0 the kernel picks a port. A server with this option records, unless {@code
     * recording} is set to {@code none}; a recording that is not asked for is written to no file. {@code none} in a {@code
     * <server>} leaves that one out.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.control", defaultValue = DEFAULT_CONTROL)
    String control;

    /** The directory for the list of servers, {@code echo/servers.properties}. */
    @Parameter(defaultValue = "${project.build.directory}", readonly = true, required = true)
    File buildDirectory;

    /**
     * Whether to do nothing if the integration tests are skipped, {@code true} or {@code false}. Set it to {@code
     * false} if something other than Failsafe needs this goal, such as tests that Surefire runs in the phase {@code
     * integration-test}.
     *
     * @since 0.1.0
     */
    @Parameter(property = "echo.skipWithTests", defaultValue = "true")
    String skipWithTests;

    /** Called by Maven. */
    public StartMojo() {
        super("no server started");
    }

    @Override
    @Nullable
    String skipped(GoalConfiguration configuration) {
        return skipped(configuration, skipWithTests);
    }

    @Override
    void perform() throws MojoExecutionException {
        List<ProjectServers.PlannedServer> planned = planned();
        ProjectServers running =
                ProjectServers.in(getPluginContext(), session, project, buildDirectory.toPath(), getLog());
        CloseAtEnd.watch(session.getRequest(), running);
        try {
            running.publishTo(session, project);
            running.start(planned, portsFile == null ? null : portsFile.toPath(), project, execution.getExecutionId());
        } catch (ProjectServers.NotStarted refused) {
            String taken = refused.refusal() instanceof BindException ? takenInThisBuild(planned) : null;
            throw notStarted(refused.ids(), taken == null ? refused.refusal() : new BindException(taken));
        }
    }

    /**
     * Names another server of this build, perhaps of a module that is built at the same time, that has one of the
     * ports.
     */
    private @Nullable String takenInThisBuild(List<ProjectServers.PlannedServer> planned) {
        for (ProjectServers.PlannedServer server : planned) {
            List<ServerAddress> all = new ArrayList<>(server.addresses());
            if (server.control() != null) {
                all.add(server.control().parsed());
            }
            for (ServerAddress address : all) {
                boolean isTcp = address instanceof HostAndPort;
                boolean isPicked = address instanceof HostAndPort tcp && tcp.port() == 0;
                String other = isPicked ? null : CloseAtEnd.listeningOn(session.getRequest(), address);
                if (other != null) {
                    return "cannot listen on " + address + ": " + other
                            + ", of this build too, listens there; give each a "
                            + (isTcp
                                    ? "port of its own, or take port 0 and let the kernel pick a free one"
                                    : "path of its own, or take unix: alone");
                }
            }
        }
        return null;
    }

    private List<ProjectServers.PlannedServer> planned() throws MojoExecutionException {
        List<ProjectServers.PlannedServer> planned = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Server server : servers()) {
            String name = server.id == null ? DEFAULT_ID : server.id;
            try {
                planned.add(planned(name, server, planned));
                if (!seen.add(name)) {
                    throw new IllegalArgumentException("id (" + name + ") is given twice; give each <server> its own");
                }
            } catch (IllegalArgumentException refused) {
                throw notStarted(name, refused);
            }
        }
        return planned;
    }

    /** @param before the servers that start before this one */
    private ProjectServers.PlannedServer planned(
            String name, Server server, List<ProjectServers.PlannedServer> before) {
        if (!ID.matcher(name).matches()) {
            throw new IllegalArgumentException("id (" + name + ") must be of letters, digits, - and _ alone");
        }
        Map<String, String> options =
                server.options(server(name, List.of(DEFAULT_ADDRESS), control).options(Map.of()));
        String ofServer = options.getOrDefault("control", NONE);
        if (!Server.isNone(options, "tls")) {
            options.putIfAbsent(
                    "certificateFile",
                    buildDirectory
                            .toPath()
                            .resolve("echo")
                            .resolve(name + ".pem")
                            .toString());
        }
        boolean hasControl = !ofServer.equals(NONE);
        if (hasControl && !ofServer.strip().equals(control.strip())) {
            throw new IllegalArgumentException(
                    "control (" + ofServer + ") of a <server> must be none or that of the goal ("
                            + control + "), since the servers of a project share one HTTP interface; set control in the"
                            + " <configuration> of start");
        }
        EchoServer.Builder builder = builder(options);
        String trust = trust(options.getOrDefault("upstreamTls", NONE));
        boolean isToCome = before.stream()
                .map(ProjectServers.PlannedServer::certificate)
                .anyMatch(file -> file != null && file.equals(Path.of(trust).toAbsolutePath()));
        if (isToCome) {
            builder.set("upstreamTls", "insecure"); // for the check alone
        }
        builder.build(); // refuses options that do not go together, and files that cannot be read
        if (isToCome) {
            builder.set("upstreamTls", trust);
        }
        List<ServerAddress> where = Stream.of(
                        options.getOrDefault("addresses", "").split(",", -1))
                .map(address -> address(address, -1))
                .toList();
        builder.addresses(where.stream().map(ServerAddress::toString).toArray(String[]::new));
        return new ProjectServers.PlannedServer(
                name,
                builder,
                records(options),
                isRecorded(options),
                hasControl ? new ProjectControl.Choice(ofServer, configuration().isGiven("control")) : null,
                options.getOrDefault("tls", NONE).strip(),
                certificate(options),
                where);
    }

    /** Returns the file with the certificate that clients have to trust; null without one. */
    private @Nullable Path certificate(Map<String, String> options) {
        String file = options.getOrDefault("certificateFile", NONE);
        return file.strip().equals(NONE) ? null : Path.of(file(file)).toAbsolutePath();
    }

    private List<Server> servers() throws MojoExecutionException {
        if (servers == null) {
            return List.of(server(id, addresses, control));
        }
        for (String word : List.of("addresses", "id")) {
            if (configuration().isGiven(word)) {
                throw noServer(
                        "servers and " + word + " are both given; give each <server> its own, or leave servers out");
            }
        }
        if (servers.isEmpty()) {
            throw noServer("servers has no <server>; give it one, or leave it out");
        }
        return servers;
    }

    private MojoExecutionException noServer(String why) {
        return refused("no server started", new IllegalArgumentException(why));
    }

    private MojoExecutionException notStarted(String ids, Exception cause) {
        return refused("server " + ids + " did not start", cause);
    }
}
