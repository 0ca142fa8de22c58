package org.echoharness.maven;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.maven.execution.ExecutionEvent;
import org.apache.maven.execution.ExecutionListener;
import org.apache.maven.execution.MavenExecutionRequest;
import org.echoharness.ServerAddress;
import org.jspecify.annotations.Nullable;

/**
 * Wraps a request's execution listener and closes servers that {@code stop} did not stop: those of a project when it
 * fails, and all when the session ends. It passes every event on to that listener, also events that later versions of
 * Maven add.
 */
final class CloseAtEnd implements InvocationHandler {

    private final @Nullable ExecutionListener next;
    private final Collection<ProjectServers> watched = new ConcurrentLinkedQueue<>();

    private CloseAtEnd(@Nullable ExecutionListener next) {
        this.next = next;
    }

    /** Closes these servers when their project fails and when the session of the request ends. */
    static void watch(MavenExecutionRequest request, ProjectServers servers) {
        CloseAtEnd closing = of(request);
        if (!closing.watched.contains(servers)) {
            closing.watched.add(servers);
        }
    }

    /**
     * Returns the name, for errors, of the server of this request that keeps others from the address; null if none
     * does.
     */
    static @Nullable String listeningOn(MavenExecutionRequest request, ServerAddress address) {
        return of(request).watched.stream()
                .map(servers -> servers.listeningOn(address))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /**
     * Returns the wrapper of the request's listener. Modules share it unless their plugin has a class loader of its
     * own.
     */
    private static CloseAtEnd of(MavenExecutionRequest request) {
        synchronized (request) { // modules that are built in parallel share only the request
            ExecutionListener listener = request.getExecutionListener();
            if (listener != null
                    && Proxy.isProxyClass(listener.getClass())
                    && Proxy.getInvocationHandler(listener) instanceof CloseAtEnd known) {
                return known;
            }
            CloseAtEnd created = new CloseAtEnd(listener);
            request.setExecutionListener((ExecutionListener) Proxy.newProxyInstance(
                    CloseAtEnd.class.getClassLoader(), new Class<?>[] {ExecutionListener.class}, created));
            return created;
        }
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "projectFailed" -> projectFailed((ExecutionEvent) arguments[0]);
            case "sessionEnded" -> sessionEnded();
            case "equals" -> {
                return proxy == arguments[0];
            }
            case "hashCode" -> {
                return System.identityHashCode(proxy);
            }
            case "toString" -> {
                return "CloseAtEnd in front of " + next;
            }
            default -> {
                // only the listener handles it
            }
        }
        try {
            return next == null ? null : method.invoke(next, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }

    private void projectFailed(ExecutionEvent event) {
        for (ProjectServers servers : watched) {
            if (servers.belongTo(event.getProject())) {
                servers.stop(" because the project failed", false);
            }
        }
    }

    private void sessionEnded() {
        watched.forEach(servers -> servers.end(" because the build ended"));
    }
}
