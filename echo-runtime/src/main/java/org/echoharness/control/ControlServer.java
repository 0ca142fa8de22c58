package org.echoharness.control;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.echoharness.sockets.ConnectAttempts;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP interface of one or more servers: it listens, checks each request, and ends with all its threads at {@link
 * #close}. Any thread may call it.
 */
public final class ControlServer implements AutoCloseable {

    private static final int BACKLOG = 1_024;
    private static final int ENDED_SESSIONS = 8;
    private static final int STOP_MILLIS = 1_000; // for the JDK's server
    private static final long CLOSE_DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final HttpServer http;
    private final ThreadGroup group; // of the JDK's own threads
    private final RequestThreads threads;
    private final RequestGuard guard;
    private final ControlRoutes routes;
    private final ControlLimits limits;
    private final URI uri;
    private volatile Map<String, ControlledServer> servers = Map.of();
    private final Map<String, ControlledServer> ended = new LinkedHashMap<>(); // the last sessions; guarded by this
    private boolean isClosed;

    private ControlServer(InetSocketAddress address, String host, String shown, ControlLimits limits)
            throws IOException {
        this.limits = limits;
        group = new ThreadGroup("echo-control");
        http = inGroup(() -> HttpServer.create(address, BACKLOG));
        int port = http.getAddress().getPort();
        uri = URI.create("http://" + shown + ":" + port + "/");
        threads = new RequestThreads("echo-control " + shown + ":" + port, limits);
        guard = new RequestGuard(host, port, uri.toString());
        routes = new ControlRoutes(() -> servers, this::find, threads, limits);
    }

    /**
     * Binds the address and starts to answer.
     *
     * @param address a resolved address; with port 0 the kernel picks a port
     * @param host the host as configured, which requests may name
     * @param shown the host of {@link #uri}, with brackets around an IPv6 address
     * @throws BindException if it cannot be bound; the message names the address and the cure
     */
    public static ControlServer start(InetSocketAddress address, String host, String shown) throws IOException {
        return start(address, host, shown, ControlLimits.DEFAULT);
    }

    static ControlServer start(InetSocketAddress address, String host, String shown, ControlLimits limits)
            throws IOException {
        ControlServer server;
        try {
            server = new ControlServer(address, host, shown, limits);
        } catch (BindException refused) {
            BindException named = new BindException("cannot listen on " + shown + ":" + address.getPort()
                    + " for control: " + refused.getMessage() + "; take another port, or 0 for a free one");
            named.initCause(refused);
            throw named;
        }
        server.http.setExecutor(server.threads);
        server.http.createContext("/", server::answer);
        server.inGroup(() -> {
            server.http.start();
            return "";
        });
        return server;
    }

    /** Returns the address of the page, without the token. */
    public URI uri() {
        return uri;
    }

    /** Returns the 32 hexadecimal digits that requests must have. */
    public String token() {
        return guard.token();
    }

    /**
     * Serves another server from now on, under this ID.
     *
     * @throws IllegalStateException if the ID is taken, or if the interface has ended
     */
    public synchronized void add(String id, ControlledServer server) {
        if (isClosed) {
            throw new IllegalStateException(
                    "the HTTP interface at " + uri
                            + " has ended, since the last of its servers was closed; start another one with the option control");
        }
        Map<String, ControlledServer> all = new LinkedHashMap<>(servers);
        if (all.putIfAbsent(id, server) != null) {
            throw new IllegalStateException("the HTTP interface at " + uri + " has a server " + Escaping.quote(id)
                    + " already; give each server an id of its own");
        }
        servers = Collections.unmodifiableMap(all);
    }

    /** Removes a session, which can still be read until some others have ended. */
    public synchronized void removeSession(String id) {
        Map<String, ControlledServer> others = new LinkedHashMap<>(servers);
        ControlledServer session = others.remove(id);
        if (session != null) {
            servers = Collections.unmodifiableMap(others);
            ended.put(id, session);
            if (ended.size() > ENDED_SESSIONS) {
                ended.remove(ended.keySet().iterator().next());
            }
        }
    }

    private @Nullable ControlledServer find(String id) {
        ControlledServer server = servers.get(id);
        if (server != null) {
            return server;
        }
        synchronized (this) {
            return ended.get(id);
        }
    }

    /** Ends the interface if this is its last server; otherwise serves the others from now on. */
    public void remove(ControlledServer server) {
        synchronized (this) {
            if (isClosed) {
                return;
            }
            if (servers.size() > 1 || !servers.containsValue(server)) {
                Map<String, ControlledServer> others = new LinkedHashMap<>(servers);
                others.values().remove(server);
                servers = Collections.unmodifiableMap(others);
                return;
            }
            isClosed = true;
        }
        end();
    }

    /**
     * Stops listening, ends every request and joins the threads. Event streams get what is new, if their clients read it at
     * once.
     */
    @Override
    public void close() {
        synchronized (this) {
            if (isClosed) {
                return;
            }
            isClosed = true;
        }
        end();
    }

    private void end() {
        threads.beginClose();
        long deadline = System.nanoTime() + CLOSE_DEADLINE_NANOS;
        stopOnItsThread();
        threads.endClose(deadline);
        joinThreadsOfJdk(deadline);
    }

    /**
     * Stops the JDK's server on the thread that accepts, which a request of ours wakes up. On another thread, the server would
     * forget a connection that it accepts at this moment, and never close it.
     */
    private void stopOnItsThread() {
        FutureTask<Boolean> stop = new FutureTask<>(() -> http.stop(0), true);
        threads.runAtNextRequest(stop);
        try (Socket request = new Socket()) {
            request.connect(ConnectAttempts.reachable(http.getAddress()), STOP_MILLIS);
            request.getOutputStream().write('\n');
            stop.get(STOP_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        } catch (IOException | ExecutionException | TimeoutException notNow) {
            // for example, no file descriptors: then the JDK accepts nothing at this moment
        }
        stop.run(); // at once, unless it runs already
    }

    private void joinThreadsOfJdk(long deadlineNanos) {
        Thread[] ofJdk = new Thread[group.activeCount() + 4];
        int count = group.enumerate(ofJdk);
        for (Thread each : Arrays.asList(ofJdk).subList(0, count)) {
            RequestThreads.join(each, deadlineNanos);
        }
    }

    private void answer(HttpExchange exchange) {
        threads.endClientTime(); // that for the head of the request
        ControlRequest request = new ControlRequest(exchange, threads, limits);
        try {
            try {
                handle(request);
            } catch (RuntimeException | Error refused) {
                request.refuse(RefusedRequestException.of(refused));
            }
        } catch (IOException | OutOfMemoryError gone) {
            return; // the client does not wait for the answer, or not even an error has room
        } finally {
            request.end();
        }
    }

    private void handle(ControlRequest request) throws IOException {
        HttpExchange exchange = request.exchange();
        guard.checkHostAndOrigin(exchange.getRequestHeaders(), exchange.getRequestURI(), exchange.getLocalAddress());
        List<String> path = request.path();
        if (ControlRoutes.isPage(path)) {
            routes.page(request);
        } else {
            guard.checkToken(exchange.getRequestHeaders());
            routes.handle(path, request);
        }
    }

    /** Makes a call on a daemon thread of the group, so that the threads that the JDK starts are daemons and can be found. */
    private <T> T inGroup(Callable<T> call) throws IOException {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = new Thread(group, task, "echo-control start");
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException later) {
                    interrupted = true;
                } catch (ExecutionException failed) {
                    if (failed.getCause() instanceof IOException cause) {
                        throw cause;
                    }
                    throw new IOException(failed.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
