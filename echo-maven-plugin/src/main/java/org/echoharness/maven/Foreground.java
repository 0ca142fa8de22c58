package org.echoharness.maven;

import java.time.Duration;
import org.apache.maven.plugin.logging.Log;
import org.echoharness.EchoServer;
import org.jspecify.annotations.Nullable;

/**
 * The server of {@code run}, with what is to be written when it ends. Ctrl-C is its usual end, so that where it records
 * there is a shutdown hook, as long as it runs; without a recording there is none.
 */
final class Foreground implements AutoCloseable {

    private final EchoServer server;
    private final @Nullable RecordingFiles files;
    private final Log log;
    private final Thread hook = new Thread(this::end, "echo-run closing");
    private boolean ended;

    private Foreground(EchoServer server, @Nullable RecordingFiles files, Log log) {
        this.server = server;
        this.files = files;
        this.log = log;
    }

    static Foreground of(EchoServer server, @Nullable RecordingFiles files, Log log) {
        Foreground foreground = new Foreground(server, files, log);
        if (files != null) {
            Runtime.getRuntime().addShutdownHook(foreground.hook);
        }
        return foreground;
    }

    boolean awaitClose(Duration limit) throws InterruptedException {
        return server.awaitClose(limit);
    }

    @Override
    public void close() {
        end(); // and, where the hook is at work, waits for it: Maven would unload our classes
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
        if (files != null && files.write(server.recording(), log)) {
            log.info("the recording is in " + files.folder());
        }
    }
}
