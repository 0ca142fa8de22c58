package org.echoharness.failing;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.echoharness.support.PlainSockets;
import org.jspecify.annotations.Nullable;

/**
 * A client by {@link Socket}, which uses no channel. An RST, or a refused connect, is noted by the run, and then it does
 * nothing more. Any other end than the expected one fails the run.
 */
final class PlainClient implements Closeable {

    private final Run run;
    private @Nullable Socket socket; // null once it is lost
    private boolean mayEnd; // early

    /** @param socket null if the connect was refused */
    PlainClient(Run run, @Nullable Socket socket) {
        this.run = run;
        this.socket = socket;
    }

    private interface Call {
        void on(Socket socket) throws IOException;
    }

    private PlainClient call(String what, Call call) {
        Socket own = socket;
        if (own != null) {
            try {
                call.on(own);
            } catch (SocketTimeoutException late) {
                throw new AssertionError(what + ": no answer", late);
            } catch (EOFException cut) {
                throw new AssertionError(what + ": a FIN without a close_notify", cut);
            } catch (IOException gone) {
                run.lose(what + ": " + gone);
                close();
                socket = null;
            }
        }
        return this;
    }

    /** Takes an early end for a reset from now on: a Unix socket on the way has none. */
    PlainClient takesEndForReset() {
        mayEnd = true;
        return this;
    }

    PlainClient sends(byte[] bytes) {
        return call("sends", own -> {
            own.getOutputStream().write(bytes);
            own.getOutputStream().flush();
        });
    }

    PlainClient sends(String latin1) {
        return sends(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    PlainClient receives(byte[] bytes) {
        return call("receives", own -> {
            byte[] came = own.getInputStream().readNBytes(bytes.length);
            if (!Arrays.equals(came, bytes)) {
                boolean isPart = Arrays.equals(came, Arrays.copyOf(bytes, came.length));
                if (isPart && mayEnd) {
                    throw new IOException("ends early");
                }
                throw new AssertionError(
                        isPart
                                ? "the stream ends after " + came.length + " of " + bytes.length + " bytes"
                                : "other bytes came: " + new String(came, StandardCharsets.ISO_8859_1));
            }
        });
    }

    PlainClient receives(String latin1) {
        return receives(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    PlainClient echoes(String latin1) {
        return sends(latin1).receives(latin1);
    }

    PlainClient shutsOutput() {
        return call("half-closes", Socket::shutdownOutput);
    }

    /** The server's FIN, and nothing before it. */
    PlainClient seesEnd() {
        return call("awaits the end", own -> {
            int next = own.getInputStream().read();
            if (next >= 0) {
                throw new AssertionError("a byte too many: " + next);
            }
        });
    }

    /** Sends a FIN, and gets one. */
    PlainClient ends() {
        return shutsOutput().seesEnd();
    }

    /** Is reset, and gets nothing but this or a part of it before. */
    PlainClient isReset(String most) {
        Socket own = socket;
        if (own != null) {
            try {
                byte[] came = own.getInputStream().readAllBytes();
                throw new AssertionError("ends without a reset, after " + new String(came, StandardCharsets.ISO_8859_1)
                        + " of at most " + most);
            } catch (SocketTimeoutException late) {
                throw new AssertionError("no reset", late);
            } catch (IOException reset) {
                close();
                socket = null;
            }
        }
        return this;
    }

    /** Sends an RST. */
    PlainClient resets() {
        call("resets", PlainSockets::reset);
        socket = null;
        return this;
    }

    /** Gets bytes, such as an alert, and then an end of any kind. */
    PlainClient seesAnyEnd() {
        Socket own = socket;
        if (own != null) {
            try {
                own.getInputStream().readAllBytes();
            } catch (SocketTimeoutException late) {
                throw new AssertionError("no end", late);
            } catch (IOException reset) {
                // that is an end
            }
        }
        return this;
    }

    @Override
    public void close() {
        Socket own = socket;
        if (own != null) {
            try {
                own.close();
            } catch (IOException gone) {
                // it is closed all the same
            }
        }
    }
}
