package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.maven.execution.DefaultMavenExecutionRequest;
import org.apache.maven.execution.DefaultMavenExecutionResult;
import org.apache.maven.execution.MavenExecutionRequest;
import org.apache.maven.execution.MavenExecutionResult;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.model.Model;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.project.MavenProject;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.eclipse.aether.DefaultRepositorySystemSession;

/** A session that builds one project without Maven, as far as the goals use it. */
final class Build {

    final MavenExecutionRequest request = new DefaultMavenExecutionRequest();
    final MavenExecutionResult result = new DefaultMavenExecutionResult();
    final MavenProject project;
    final Map<String, Object> context = new ConcurrentHashMap<>();
    final LogLines log = new LogLines();
    final Path directory;

    Build(Path directory) {
        this(directory, "project");
    }

    Build(Path directory, String artifactId) {
        this(directory, project(artifactId));
    }

    Build(Path directory, MavenProject project) {
        this.directory = directory;
        this.project = project;
    }

    static MavenProject project(String artifactId) {
        return new MavenProject(model(artifactId));
    }

    static Model model(String artifactId) {
        Model model = new Model();
        model.setGroupId("org.example");
        model.setArtifactId(artifactId);
        model.setVersion("1");
        return model;
    }

    /** Gives a goal what Maven gives it by default: default values, and an execution with the goal's descriptor. */
    <G extends EchoMojo> G prepared(G goal, String name) {
        goal.setLog(log);
        goal.setPluginContext(context);
        goal.skip = "false";
        goal.project = project;
        goal.session = session();
        goal.execution = execution(name);
        return goal;
    }

    static MojoExecution execution(String goal) {
        MojoExecution execution =
                new MojoExecution(Descriptor.mojo(goal), goal + "-it", MojoExecution.Source.LIFECYCLE);
        execution.setConfiguration(new Xpp3Dom("configuration"));
        return execution;
    }

    /** Sets a parameter, as the POM and Maven do. */
    static Xpp3Dom configure(MojoExecution execution, String parameter, String value) {
        Xpp3Dom element = element(parameter, value);
        execution.getConfiguration().addChild(element);
        return element;
    }

    static Xpp3Dom element(String name, String value) {
        Xpp3Dom element = new Xpp3Dom(name);
        element.setValue(value);
        return element;
    }

    StartMojo start(String... addresses) {
        StartMojo start = prepared(new StartMojo(), "start");
        start.id = "default";
        start.addresses = addresses.length == 0 ? List.of("127.0.0.1:0") : List.of(addresses);
        defaults(start);
        start.control = "127.0.0.1:0";
        start.buildDirectory = directory.toFile();
        start.skipWithTests = "true";
        return start;
    }

    RunMojo run(String... addresses) {
        RunMojo run = prepared(new RunMojo(), "run");
        run.addresses = List.of(addresses);
        run.timeout = "none";
        run.times = "false";
        defaults(run);
        run.control = "none";
        return run;
    }

    /** The value that Maven uses by default. */
    static void defaults(ServerMojo goal) {
        goal.backlog = "1024";
        goal.bufferSize = "64KiB";
        goal.maxConnections = "none";
        goal.idleTimeout = "none";
        goal.idleClose = "none";
        goal.eventLoops = "1";
        goal.faults = "none";
        goal.script = "none";
        goal.scriptFile = "none";
        goal.upstream = "none";
        goal.upstreamFailure = "reset";
        goal.upstreamTls = "none";
        goal.upstreamProxyProtocol = "none";
        goal.connectTimeout = "5s";
        goal.proxyProtocol = "none";
        goal.tls = "none";
        goal.recording = "none";
        goal.record = "false";
    }

    @SuppressWarnings("deprecation") // the constructor without a container is for Maven alone
    MavenSession session() {
        MavenSession session = new MavenSession(null, new DefaultRepositorySystemSession(), request, result);
        session.setCurrentProject(project);
        return session;
    }

    StopMojo stop() {
        StopMojo stop = prepared(new StopMojo(), "stop");
        stop.checkScript = "true";
        return stop;
    }

    Path file() {
        return directory.resolve("echo").resolve("servers.properties");
    }

    /** The line of the log about the HTTP interface that runs. */
    String controlLine() {
        return "INFO control at " + project.getProperties().getProperty("echo.control.url") + ", with the token in "
                + file();
    }

    int port(String id) {
        return Integer.parseInt(project.getProperties().getProperty("echo.server." + id + ".port"));
    }

    /** Asserts that the goal starts no server, and says so. */
    static void assertRefused(StartMojo start, String why) {
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution start-it): " + why);
    }

    /** Binds the port on 127.0.0.1 as a server would; it throws if anything listens there. */
    static ServerSocket listen(int port) throws IOException {
        return new ServerSocket(port, 1, loopback(port).getAddress());
    }

    /** Whether what listens on 127.0.0.1 echoes. */
    static boolean echoes(int port) throws IOException {
        byte[] message = "is there an echo?".getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = connect(port)) {
            socket.getOutputStream().write(message);
            return new String(socket.getInputStream().readNBytes(message.length), StandardCharsets.US_ASCII)
                    .equals("is there an echo?");
        }
    }

    /** Sends a message and a FIN, and returns what comes back until the end of the stream. */
    static String answer(int port, String message) throws IOException {
        try (Socket socket = connect(port)) {
            socket.getOutputStream().write(message.getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    static Socket connect(int port) throws IOException {
        Socket socket = new Socket();
        socket.connect(loopback(port), 10_000);
        socket.setSoTimeout(30_000);
        return socket;
    }

    static InetSocketAddress loopback(int port) throws IOException {
        return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
    }
}
