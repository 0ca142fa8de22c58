package org.echoharness.junit;

import java.io.Closeable;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;

/**
 * The servers and clients of one extension context (a class, a test), which are closed with it: the last opened first,
 * and every client before any server. JUnit's store keeps this object. (JUnit 5.12 closes a {@link CloseableResource};
 * later versions prefer an {@link AutoCloseable}, and warn of other objects.)
 */
final class OpenedServers implements CloseableResource, AutoCloseable {

    private final ScopePath path;
    private final List<TargetServer> targets = new ArrayList<>();
    private final Map<TargetServer, Long> before =
            new LinkedHashMap<>(); // how many connections each had when the test began
    private final List<Object> instances = new ArrayList<>();
    private @Nullable Instant began;
    private final Deque<Closeable> servers = new ArrayDeque<>();
    private final Deque<Closeable> clients = new ArrayDeque<>();
    private boolean closed;

    OpenedServers(ScopePath path) {
        this.path = path;
    }

    /** Returns what is opened for this context itself. */
    static OpenedServers of(ExtensionContext context) {
        return ExtensionStore.of(context)
                .getOrComputeIfAbsent(
                        context.getUniqueId(), unused -> new OpenedServers(ScopePath.of(context)), OpenedServers.class);
    }

    /** Returns the server that was opened for this context or for one around it; null if there is none. */
    static @Nullable TargetServer find(ExtensionContext context, Declaration declaration) {
        for (OpenedServers scope : around(context)) {
            TargetServer open = scope.get(declaration);
            if (open != null) {
                return open;
            }
        }
        return null;
    }

    /** Records a new test instance. JUnit does not list it before it is initialized. */
    static void made(Object instance, ExtensionContext context) {
        of(context).remember(instance);
    }

    /** Returns the test instances that are known. */
    static List<Object> instances(ExtensionContext context) {
        List<Object> known = new ArrayList<>();
        context.getTestInstances().ifPresent(instances -> known.addAll(instances.getAllInstances()));
        around(context).forEach(scope -> known.addAll(scope.remembered()));
        return known;
    }

    /** Returns what was opened for this context and for those around it, the nearest first. */
    static List<OpenedServers> around(ExtensionContext context) {
        List<OpenedServers> around = new ArrayList<>();
        for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
            OpenedServers scope = ExtensionStore.of(at).get(at.getUniqueId(), OpenedServers.class);
            if (scope != null) {
                around.add(scope);
            }
        }
        return around;
    }

    /** Returns the servers that were opened for this context. */
    synchronized List<TargetServer> targets() {
        return List.copyOf(targets);
    }

    private synchronized void remember(Object instance) {
        instances.add(instance);
    }

    private synchronized List<Object> remembered() {
        return List.copyOf(instances);
    }

    /** Records that a test begins, or that its instance is about to be made. Returns whether this is the first call. */
    synchronized boolean begin() {
        boolean first = began == null;
        if (first) {
            began = Instant.now();
        }
        return first;
    }

    /** Returns when the test began. Rejected connections have no number, so that callers compare times. */
    synchronized Instant began() {
        return began == null ? Instant.MIN : began;
    }

    synchronized boolean hasMarked(TargetServer target) {
        return before.containsKey(target);
    }

    synchronized void mark(TargetServer target, long connections) {
        before.putIfAbsent(target, connections);
    }

    /** Returns the servers that this test could reach when it began, and how many connections each had. */
    synchronized Map<TargetServer, Long> marks() {
        return new LinkedHashMap<>(before);
    }

    /** Closes the given client with this scope. Returns false if the scope is closed already. */
    synchronized boolean keep(Closeable client) {
        if (!closed) {
            clients.push(client);
        }
        return !closed;
    }

    /** Closes the clients alone, before the servers. */
    synchronized void closeClients() throws IOException {
        closed = true;
        close(List.of(clients));
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        close(List.of(clients, servers));
    }

    private static void close(List<Deque<Closeable>> all) throws IOException {
        IOException failed = new IOException("not every echo client and server could be closed");
        for (Deque<Closeable> each : all) {
            while (!each.isEmpty()) {
                try {
                    each.pop().close();
                } catch (IOException | RuntimeException e) {
                    failed.addSuppressed(e);
                }
            }
        }
        if (failed.getSuppressed().length > 0) {
            throw failed;
        }
    }

    synchronized @Nullable TargetServer get(Declaration declaration) {
        return targets.stream()
                .filter(target -> declaration.isSameServerAs(target.declaration()))
                .findFirst()
                .orElse(null);
    }

    synchronized TargetServer open(Declaration declaration, ExtensionContext context) throws IOException {
        TargetServer target = get(declaration); // another test of the class may have been quicker
        if (target == null) {
            SystemProperties properties = SystemProperties.reserve(declaration, path);
            try {
                target = TargetServer.open(declaration, path, context);
            } catch (IOException | RuntimeException failed) {
                properties.close();
                throw failed;
            }
            targets.add(target);
            servers.push(target);
            properties.set(target.address());
            servers.push(properties); // closed before the server
        }
        return target;
    }
}
