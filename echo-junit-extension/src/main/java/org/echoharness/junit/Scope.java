package org.echoharness.junit;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;

/**
 * What was opened for one extension context (a class, a test) and is closed with it: the last first, and every client
 * before any server. Kept in JUnit's store. (JUnit 5.12 closes a {@link CloseableResource}, later versions prefer an
 * {@link AutoCloseable} and warn of what is not.)
 */
final class Scope implements CloseableResource, AutoCloseable {

    static final Namespace NAMESPACE = Namespace.create(EchoExtension.class);

    private final Map<Declaration, Peer> peers = new HashMap<>();
    private final Map<Peer, Long> before = new LinkedHashMap<>(); // how many connections each had when the test began
    private final Deque<Closeable> servers = new ArrayDeque<>();
    private final Deque<Closeable> clients = new ArrayDeque<>();

    /** The scope of this context itself. */
    static Scope of(ExtensionContext context) {
        return context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(context.getUniqueId(), unused -> new Scope(), Scope.class);
    }

    /** The server that was opened for this context or for one around it, or else a new one for as long as it is due. */
    static Peer peer(Declaration declaration, ExtensionContext context) throws IOException {
        Peer open = find(context, declaration);
        return open != null ? open : of(due(declaration, context)).open(declaration, context);
    }

    static @Nullable Peer find(ExtensionContext context, Declaration declaration) {
        for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
            Scope scope = at.getStore(NAMESPACE).get(at.getUniqueId(), Scope.class);
            Peer open = scope == null ? null : scope.get(declaration);
            if (open != null) {
                return open;
            }
        }
        return null;
    }

    /** A test begins: what its servers have seen so far is not its own. */
    static void markBefore(ExtensionContext test) {
        Scope own = of(test);
        for (Peer peer : visible(test)) {
            own.mark(peer, peer.records() ? peer.server().recording().total() : 0);
        }
    }

    /** The servers that a test could reach, and how many connections each had when it began. */
    static Map<Peer, Long> seenBefore(ExtensionContext test) {
        Scope own = of(test);
        for (Peer peer : visible(test)) {
            own.mark(peer, 0);
        }
        return own.marks();
    }

    private static List<Peer> visible(ExtensionContext context) {
        List<Peer> visible = new ArrayList<>();
        for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
            Scope scope = at.getStore(NAMESPACE).get(at.getUniqueId(), Scope.class);
            if (scope != null) {
                visible.addAll(scope.peers());
            }
        }
        return visible;
    }

    private synchronized List<Peer> peers() {
        return List.copyOf(peers.values());
    }

    private synchronized void mark(Peer peer, long connections) {
        before.putIfAbsent(peer, connections);
    }

    private synchronized Map<Peer, Long> marks() {
        return new LinkedHashMap<>(before);
    }

    /** The client given is closed with this scope. */
    synchronized void keep(Closeable client) {
        clients.push(client);
    }

    @Override
    public synchronized void close() throws IOException {
        IOException failed = new IOException("not every echo client and server could be closed");
        for (Deque<Closeable> each : List.of(clients, servers)) {
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

    private synchronized @Nullable Peer get(Declaration declaration) {
        return peers.get(declaration);
    }

    private synchronized Peer open(Declaration declaration, ExtensionContext context) throws IOException {
        Peer peer = peers.get(declaration); // another test of the class may have been quicker
        if (peer == null) {
            peer = Peer.open(declaration, context);
            peers.put(declaration, peer);
            servers.push(peer);
        }
        return peer;
    }

    /** With PER_CLASS a server lives as long as the instance, unless one test alone has declared it. */
    private static ExtensionContext due(Declaration declaration, ExtensionContext context) {
        ExtensionContext due = context;
        if (context.getTestInstanceLifecycle().orElse(null) == Lifecycle.PER_CLASS && !declaration.isForOneTest()) {
            while (due.getTestMethod().isPresent()) {
                due = due.getParent().orElseThrow();
            }
        }
        return due;
    }
}
