package org.echoharness.control;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.echoharness.page.PageConnection;
import org.echoharness.page.PageHead;
import org.jspecify.annotations.Nullable;

/**
 * A server as the HTTP interface sees it. Any thread of the interface calls it. A method throws an {@link
 * IllegalArgumentException} for a wrong value, an {@link IllegalStateException} if the server cannot do it now, and an {@link
 * UnsupportedOperationException} if the system cannot do it.
 */
public interface ControlledServer {

    /** What stands between the ID of a server and the number of its session, in the ID of the session. */
    String SESSION = "~";

    /** What is done to a server as a whole. The name of a control in a URL is the one of the constant. */
    enum Control {
        REFUSE("refuse", true),
        UNANSWERED("unanswered", false),
        RESUME("resume", false),
        FREEZE("freeze", false),
        UNFREEZE("unfreeze", false),
        RESET("reset", false),
        CLOSE("close", false),
        RESTART("restart", true);

        private final String word;
        private final boolean takesTime;

        Control(String word, boolean takesTime) {
            this.word = word;
            this.takesTime = takesTime;
        }

        String word() {
            return word;
        }

        boolean takesTime() {
            return takesTime;
        }
    }

    /** The forms in which a recording can be downloaded. */
    enum FileKind {
        PCAPNG("pcapng", "application/x-pcapng"),
        HTML("html", "text/html; charset=utf-8"),
        TXT("txt", "text/plain; charset=utf-8"),
        SCRIPT("script", "text/plain; charset=utf-8");

        private final String suffix;
        private final String type;

        FileKind(String suffix, String type) {
            this.suffix = suffix;
            this.type = type;
        }

        String suffix() {
            return suffix;
        }

        String type() {
            return type;
        }
    }

    /** How a connection ends when all was sent. */
    enum End {
        CLOSE,
        HALF_CLOSE,
        RESET
    }

    /** What became of a control of one connection. */
    enum Found {
        /** It was open, and the control has taken effect. */
        OPEN,
        /** It has ended before. */
        ENDED,
        /** No connection has this number yet. */
        UNKNOWN
    }

    ServerView view();

    /**
     * Puts a plan of faults in force.
     *
     * @param plan its text
     * @param alsoOpen whether it is also for connections that are open now
     */
    void setFaults(String plan, boolean alsoOpen);

    /**
     * Runs one control, and returns when it has taken effect.
     *
     * @param time null if none is given; only for a control that takes a time
     */
    void control(Control control, @Nullable Duration time);

    /** Reads and answers what has come so far. Returns false at the deadline. */
    boolean catchUp(Duration timeout);

    /** Returns the steps of the script that are left on open connections. */
    List<ServerView.Problem> unfinished();

    /** Accepts the connections that have been made so far. */
    void acceptPending();

    /** Ends one connection with an RST, or with a FIN if that is {@code clean}. */
    Found end(long connection, boolean clean);

    /** Returns the address of the client of an open connection with a script or a handler. */
    String remote(long connection);

    /** Ends the output of a connection with a script or a handler, or all of it, when all was sent. */
    void endWhenSent(long connection, End how);

    /** Starts TLS on a connection with a script or a handler, when all was sent. */
    void startTls(long connection);

    /** Sends bytes on one connection. */
    Found send(long connection, byte[] bytes);

    /**
     * Starts a session of the server, which is in the same interface from then on, and returns its ID.
     *
     * @param options the words of the options that differ, with their texts
     * @param timeout the longest time to wait for the end of another session
     */
    String openSession(Map<String, String> options, Duration timeout) throws IOException;

    /** Ends the server if it is a session, and returns whether it is one. */
    boolean endSession();

    /** Waits until the server is closed. Returns false at the deadline. */
    boolean awaitClose(Duration timeout) throws InterruptedException;

    /**
     * Returns the certificate that clients have to trust, as PEM.
     *
     * @throws IllegalStateException if the server speaks no TLS, or does not know it
     */
    String certificate();

    /** Returns what was recorded so far, or null if nothing is recorded. */
    @Nullable
    RecordingView recording();

    /**
     * Returns what the page says about the recording as a whole, if there is one.
     *
     * @param span nanoseconds from the first connection to the end of the time axis
     */
    PageHead pageHead(long span);

    /** Returns a connection as the page has it. It is one of a recording that this server has returned. */
    PageConnection page(RecordingView.Connection of) throws IOException;

    /** Returns the nanoseconds since the first recorded connection, if there is a recording. */
    long sinceFirst();

    /** Waits until the recording has changed since a count of changes, or until the deadline. */
    void awaitChange(long changes, Duration timeout) throws InterruptedException;

    /** Adds a note to the recording. */
    void note(String text);

    /** Sets what the recording is of. */
    void title(String text);

    /** Drops the recorded connections that have ended, and returns how many. */
    int forgetEnded();

    /** Writes the recording to a new file. */
    void write(FileKind kind, Path file) throws IOException;
}
