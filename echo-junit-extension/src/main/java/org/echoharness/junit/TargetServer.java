package org.echoharness.junit;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.echoharness.ScriptProblem;
import org.echoharness.ServerAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A server that tests connect to.
 *
 * @param address the address at which clients reach it
 * @param from where that address is from, for errors; empty if the server is embedded
 * @param known the server itself, or a session with one of another process; null if that one has no HTTP interface
 * @param trusted the file with the certificate that clients of an external server have to trust; null if none is known
 * @param failureReported whether a test or a class has failed with {@link #failure()}
 */
record TargetServer(
        Declaration declaration,
        ServerAddress address,
        String from,
        @Nullable EchoServer known,
        @Nullable CertificateFile trusted,
        AtomicBoolean failureReported)
        implements Closeable {

    /** The running servers of this JVM, each with the scope that closes it. */
    private static final Map<EchoServer, Owner> OWNERS = new ConcurrentHashMap<>();

    private record Owner(Declaration declaration, ScopePath scope) {}

    /**
     * Finds the server or starts it, as its source says. The scope closes it. A report entry lists options and checks
     * that have no effect.
     */
    static TargetServer open(Declaration declaration, ScopePath scope, ExtensionContext context) throws IOException {
        TargetServer target = findOrStart(declaration, scope, context);
        String left = target.withoutEffect(context);
        if (!left.isEmpty()) {
            String where = target.isExternal() ? "external at " + target.address + target.from : "embedded";
            report(context, "echo.server." + declaration.name(), where + ": " + left);
        }
        return target;
    }

    /**
     * Returns the options and checks that have no effect because the server is external or does not record; an empty
     * text if all have an effect.
     */
    private String withoutEffect(ExtensionContext context) {
        ServerOptions options = declaration.options();
        Checks checks = Checks.of(options.checks(), context);
        List<String> left = new ArrayList<>();
        Checks unjudged = checks.without(judged());
        if (checks.asked() && !unjudged.all().isEmpty()) {
            left.add("checks (" + unjudged + ") cannot be judged, since "
                    + (known == null
                            ? "its connections are in another process, and it has no control"
                            : "its recording is none"));
        }
        String ignored = !isExternal() ? "" : known == null ? options.serverOptions() : options.fixedOptions();
        if (!ignored.isEmpty()) {
            left.add(ignored + ": no effect, since it has the options that it was started with");
        }
        return String.join("; ", left);
    }

    private static TargetServer findOrStart(Declaration declaration, ScopePath scope, ExtensionContext context)
            throws IOException {
        Source source = declaration.source(context);
        if (source != Source.EMBEDDED) {
            ExternalLookup external = ExternalLookup.lookUp(declaration, source, context);
            if (external.address() != null) {
                return external(declaration, external, scope);
            }
            if (source == Source.EXTERNAL) {
                throw new IllegalStateException(external.text()
                        + "; run the test through \"mvn verify\", where echo:start of its module comes before it and is"
                        + " not skipped; if start runs in another module, name its list by the configuration parameter"
                        + " echo.servers.file, such as ../NAME/target/echo/servers.properties; or set source to"
                        + " EXTERNAL_OR_EMBEDDED");
            }
            report(context, "echo.server." + declaration.name(), "embedded: " + external.text());
        }
        EchoServer server = declaration.options().newServer();
        try {
            server.start();
        } catch (BindException busy) {
            throw explained(busy, server, scope);
        }
        OWNERS.put(server, new Owner(declaration, scope));
        AskedResets.started(server);
        ServerAddress first = ServerAddress.of(server.socketAddress());
        ServerAddress reached = first instanceof HostAndPort tcp ? tcp.connectable() : first;
        return new TargetServer(declaration, reached, "", server, null, new AtomicBoolean());
    }

    private static TargetServer external(Declaration declaration, ExternalLookup found, ScopePath scope)
            throws IOException {
        ServerAddress address = Objects.requireNonNull(found.address());
        ExternalControl control = found.control();
        if (control == null && declaration.options().source() == Source.EXTERNAL) {
            refuseWithoutControl(declaration.options(), found.text());
        }
        EchoServer session = control == null
                ? null
                : ExternalSessions.open(
                        control,
                        declaration.name(),
                        scope,
                        declaration.options().sessionOptions());
        if (session != null) {
            AskedResets.started(session);
        }
        return new TargetServer(declaration, address, found.text(), session, found.certificate(), new AtomicBoolean());
    }

    /** Throws if the options need the control of the server. With another source they may be for an embedded one. */
    private static void refuseWithoutControl(ServerOptions options, String from) {
        boolean isChecked =
                !options.checks().isEmpty() && !options.checks().strip().equals("none");
        String needed = options.serverOptions().isEmpty()
                ? isChecked ? "checks (" + options.checks() + ")" : ""
                : options.serverOptions();
        if (!needed.isEmpty()) {
            throw new IllegalStateException("it is external, and takes no " + needed + ", since it has no control"
                    + from + "; start it with the option control, or leave that out");
        }
    }

    /**
     * If another server of these tests has the port or the path, returns an error that names it: "end what listens there"
     * would be the wrong cure.
     */
    private static BindException explained(BindException busy, EchoServer refused, ScopePath scope) {
        Set<String> wanted =
                refused.configuredAddresses().stream().map(TargetServer::place).collect(Collectors.toSet());
        wanted.remove("port 0");
        for (Map.Entry<EchoServer, Owner> each : OWNERS.entrySet()) {
            if (each.getKey().isRunning()) {
                for (SocketAddress address : each.getKey().socketAddresses()) {
                    String place = place(ServerAddress.of(address));
                    if (wanted.contains(place)) {
                        Owner owner = each.getValue();
                        String kind = place.substring(0, place.indexOf(' '));
                        BindException explained = new BindException(place + " is in use by "
                                + owner.declaration().text() + ", which runs for "
                                + (scope.isInside(owner.scope())
                                        ? "an enclosing scope; give this one another " + kind
                                                + ", or leave its declaration out and inject that server"
                                        : "other tests at the same time; give each a " + kind
                                                + " of its own, or declare both alike with scope RUN"));
                        explained.initCause(busy);
                        return explained;
                    }
                }
            }
        }
        return busy;
    }

    /** Returns what only one server can have: {@code port 10000} or {@code path /tmp/echo.sock}. */
    private static String place(ServerAddress address) {
        return address instanceof HostAndPort tcp
                ? "port " + tcp.port()
                : "path " + ((ServerAddress.Unix) address).path().toAbsolutePath();
    }

    /** Prints a report that cannot be published, because it is no reason to fail. */
    private static void report(ExtensionContext context, String key, String value) {
        try {
            context.publishReportEntry(key, value);
        } catch (RuntimeException unpublished) {
            System.err.println(key + " = " + value + " (not published: " + unpublished + ")");
        }
    }

    /** Returns whether another process runs it. */
    boolean isExternal() {
        return !from.isEmpty();
    }

    EchoServer server() {
        if (known == null) {
            throw isElsewhere("EchoServer");
        }
        return known;
    }

    /** Returns why the server closed by itself; null if it did not. */
    @Nullable
    Throwable failure() {
        return known == null ? null : known.failure().orElse(null);
    }

    /** Returns the text for a test that fails for this reason or for another one. */
    String failureText(Throwable why) {
        String reason = why.getClass().getName();
        try {
            reason = why.toString();
        } catch (Throwable unprintable) {
            // then the name of its class is shown
        }
        return declaration.text() + " closed by itself, since an error left its event loop: " + reason;
    }

    /** Returns whether its connections are recorded, and this process can read that. */
    boolean records() {
        try {
            return known != null && known.recording().total() >= 0;
        } catch (IllegalStateException off) {
            return false;
        }
    }

    /**
     * Returns what went wrong between the script, or the handlers, and the clients, without what a fault excuses.
     *
     * @param before the number of the last connection whose problems do not count
     */
    List<ScriptProblem> scriptProblems(long before) {
        return known == null ? List.of() : counted(known.scriptProblems(), before);
    }

    /**
     * Returns whether clients may do what the server does not expect: it has a script or a handler, may require the header of
     * a proxy, or has seen a wrong one.
     */
    boolean mayHaveProblems() {
        return known != null
                && (!known.echoes()
                        || declaration.options().mayRequireHeader()
                        || !known.scriptProblems().isEmpty());
    }

    /** Returns the steps that are left on open connections, in the same way. */
    List<ScriptProblem> unfinishedScripts(long before) {
        return known == null || known.echoes() ? List.of() : counted(known.unfinishedScripts(), before);
    }

    Set<Long> connectionsWithProblems() {
        return scriptProblems(0).stream().map(ScriptProblem::connection).collect(Collectors.toSet());
    }

    /** Returns one line for each of the first problems, with the name of the server. */
    List<String> scriptLines(List<ScriptProblem> problems) {
        Complaints lines = new Complaints();
        problems.forEach(problem -> lines.add(() -> declaration.text() + ": " + scriptText(problem)));
        return lines.lines();
    }

    static String scriptText(ScriptProblem problem) {
        return switch (problem.kind()) {
                    case FAILED -> "a connection could not be served: ";
                    case HEADER -> "a header was wrong: ";
                    case MISMATCH, LEFT_OVER -> "the script was not met: ";
                }
                + problem;
    }

    private static List<ScriptProblem> counted(List<ScriptProblem> problems, long before) {
        return problems.stream()
                .filter(problem -> problem.connection() > before && !problem.isExcused())
                .toList();
    }

    /** Returns the checks that can be judged here, as far as its process and its recording are concerned. */
    Set<Check> judged() {
        if (known == null) {
            return Set.of();
        }
        return records() ? EnumSet.allOf(Check.class) : Checks.WITHOUT_RECORDING;
    }

    /** Lets the server process what clients have done so far. */
    void catchUp(Duration most, Complaints complaints, Check check) throws InterruptedException {
        try {
            server().catchUp(most);
        } catch (UncheckedIOException | IllegalStateException failed) {
            unjudged(complaints, check, failed);
        }
    }

    /** Adds a complaint, unless the test has closed the server: then there is nothing to check. */
    void unjudged(Complaints complaints, Check check, RuntimeException failed) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (server().isRunning()) {
            complaints.add(() -> check + " could not be judged: " + failed.getMessage());
        }
    }

    /** @param wanted the type that was asked for */
    IllegalStateException isElsewhere(String wanted) {
        return new IllegalStateException("it is external, and has no control by which its " + wanted
                + " could be reached" + from
                + "; start it with the option control, inject EchoClient, Supplier<EchoClient>,"
                + " InetSocketAddress, UnixDomainSocketAddress, Path, URI or int instead, or set source to EMBEDDED");
    }

    /** Accepts the connections that wait, then returns how many connections the server has accepted. */
    long accepted() {
        try {
            server().acceptPending();
        } catch (UncheckedIOException | IllegalStateException closed) {
            // then no more connections come
        }
        return server().counters().accepted();
    }

    EchoClient connect() throws IOException {
        try {
            boolean beginsWithTls = hasTrust() && (known == null || known.speaksTls());
            return declaration.connect(address, beginsWithTls ? sslContext() : null);
        } catch (IOException unreachable) {
            throw from.isEmpty() ? unreachable : new IOException(unreachable.getMessage() + from, unreachable);
        }
    }

    /** Returns whether it speaks TLS, at once or later, with a certificate that this process can trust. */
    private boolean hasTrust() {
        return known == null ? trusted != null : known.certificate().isPresent();
    }

    /** Returns what clients need that trust its certificate. */
    SSLContext sslContext() throws IOException {
        if (known != null) {
            return known.sslContext();
        }
        return trusted("SSLContext").context();
    }

    /** Returns the certificate that clients have to trust. */
    X509Certificate certificate() throws IOException {
        if (known == null) {
            return trusted("X509Certificate").certificate();
        }
        if (!hasTrust()) {
            known.sslContext(); // throws an exception that says why
        }
        return known.certificate().orElseThrow();
    }

    /** @param wanted the type that was asked for */
    private CertificateFile trusted(String wanted) {
        if (trusted == null) {
            throw new IllegalStateException("it is external, and has neither control nor a known certificate file,"
                    + " so its " + wanted + " cannot be made" + from
                    + "; start it with the options tls and control, or name"
                    + " the PEM file of the certificate by the configuration parameter echo.server."
                    + declaration.name() + ".certificate");
        }
        return trusted;
    }

    /** Resolves the name of an external server within the connect time-out. */
    InetSocketAddress inetAddress() throws IOException {
        try {
            return declaration.options().newClient().address(tcp()).resolve();
        } catch (IOException unresolved) {
            throw from.isEmpty() ? unresolved : new IOException(unresolved.getMessage() + from, unresolved);
        }
    }

    /** Returns the first address that has a host and a port. */
    HostAndPort tcp() {
        if (address instanceof HostAndPort tcp) {
            return tcp;
        }
        for (SocketAddress each : known == null ? List.<SocketAddress>of() : known.socketAddresses()) {
            if (each instanceof InetSocketAddress inet) {
                return HostAndPort.of(inet).connectable();
            }
        }
        throw new IllegalStateException("it listens on " + address
                + ", which has no host and no port; inject UnixDomainSocketAddress, Path, URI, EchoClient or"
                + " Supplier<EchoClient>" + from);
    }

    /** Returns the path of the first Unix socket. */
    Path path() {
        if (address instanceof ServerAddress.Unix unix) {
            return unix.path();
        }
        for (SocketAddress each : known == null ? List.<SocketAddress>of() : known.socketAddresses()) {
            if (each instanceof UnixDomainSocketAddress unix) {
                return unix.getPath();
            }
        }
        throw new IllegalStateException("it listens on " + address
                + ", which has no path; inject InetSocketAddress, URI or int, or give the server the address unix:"
                + from);
    }

    @Override
    public void close() {
        if (known == null) {
            return;
        }
        if (isExternal()) {
            ExternalSessions.close(known);
        } else {
            known.close();
            OWNERS.remove(known);
        }
        AskedResets.closed(known);
    }
}
