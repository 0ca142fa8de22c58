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
    private boolean ended;
    private @Nullable String unwritten;

    private ForegroundServer(
            EchoServer server, @Nullable ServerRecording files, LineBuffer infos, LineBuffer warnings) {
        this.server = server;
        this.files = files;
        this.infos = infos;
        this.warnings = warnings;
    }

    static ForegroundServer start(EchoServer.Builder builder, @Nullable ServerRecording files, Log log)
            throws IOException {
        LineBuffer infos = new LineBuffer(log::info);
        LineBuffer warnings = infos.beside(log::warn);
        EchoServer server = builder.conversation(infos).warnings(warnings).start();
        ForegroundServer foreground = new ForegroundServer(server, files, infos, warnings);
        if (files != null) {
            Runtime.getRuntime().addShutdownHook(foreground.hook);
        }
        server.controlUri()
                .ifPresent(uri -> foreground.report(
                        "control at " + uri + "#token=" + server.controlToken().orElseThrow()));
        return foreground;
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
        server.close();
        if (files != null) {
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
