package org.echoharness.maven;

import java.io.IOException;
import java.time.Duration;
import org.apache.maven.plugin.logging.Log;
import org.echoharness.EchoServer;
import org.echoharness.LineBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The server of {@code run}, which writes its recording when it ends. Ctrl-C is its usual end, so that a server that
 * records has a shutdown hook while it runs; a server without a recording has none. Neither the server nor the hook
 * waits for the log, which may block.
 */
final class ForegroundServer implements AutoCloseable {

    private final EchoServer server;
    private final @Nullable ServerRecording files;
    private final LineBuffer infos;
    private final LineBuffer warnings;
    private final Thread hook = new Thread(this::end, "echo-run closing");
    private volatile boolean started;
    private boolean ended;
    private @Nullable String unwritten;

    private ForegroundServer(
            EchoServer server, @Nullable ServerRecording files, LineBuffer infos, LineBuffer warnings) {
        this.server = server;
        this.files = files;
        this.infos = infos;
        this.warnings = warnings;
    }

    /** Starts a server, with a title if it is recorded. */
    static ForegroundServer start(
            EchoServer.Builder builder, @Nullable String title, @Nullable ServerRecording files, Log log)
            throws IOException {
        LineBuffer infos = new LineBuffer(log::info);
        LineBuffer warnings = infos.beside(log::warn);
        EchoServer server = builder.conversation(infos).warnings(warnings).build();
        if (title != null) {
            server.recording().title(title);
        }
        ForegroundServer foreground = new ForegroundServer(server, files, infos, warnings);
        if (files != null) {
            // before the start: who reads that the server starts up may send a signal at once
            Runtime.getRuntime().addShutdownHook(foreground.hook);
        }
        foreground.start();
        server.controlUri()
                .ifPresent(uri -> foreground.report(
                        "control at " + uri + "#token=" + server.controlToken().orElseThrow()));
        return foreground;
    }

    private void start() throws IOException {
        try {
            server.start();
            started = true;
        } finally {
            if (!started) {
                close();
            }
        }
    }

    EchoServer server() {
        return server;
    }

    boolean awaitClose(Duration limit) throws InterruptedException {
        return server.awaitClose(limit);
    }

    void report(String line) {
        infos.accept(line);
    }

    /** Returns why the server closed by itself, or null. */
    @Nullable
    Throwable failure() {
        return server.failure().orElse(null);
    }

    /** Returns, after the close, why the recording could not be written, or null. */
    synchronized @Nullable String unwritten() {
        return unwritten;
    }

    @Override
    public void close() {
        end(); // waits for the hook if it runs: otherwise Maven would unload its classes
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException atWork) {
            return;
        }
    }

    private synchronized void end() {
        if (ended) {
            return;
        }
        ended = true;
        boolean hasServed = started || server.isRunning();
        server.close();
        if (files != null && hasServed) {
            unwritten = files.write(server.recording());
            if (unwritten == null) {
                infos.accept("the recording is in " + files.folder());
            } else {
                warnings.accept(unwritten);
            }
        }
        infos.close();
        warnings.close();
    }
}
