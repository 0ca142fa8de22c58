package org.echoharness.clients.tls;

import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLParameters;
import org.echoharness.EchoServer;

/** A client of the page's tables. */
interface TlsClient {

    /** What every client receives at the end of its session. */
    String ANSWER = "hello";

    /** Sets what the server needs to answer this client, besides the certificate. */
    default EchoServer.Builder serve(EchoServer.Builder server) {
        return server;
    }

    /** Sets what the server's TLS needs for this client. */
    default void adjust(SSLParameters parameters) {}

    /** Skips the test, with the reason, where the client cannot run. */
    default void assume() {}

    /**
     * Connects to {@code localhost}, sends a request and returns the answer.
     *
     * @param setting what the page says about how the client trusts a file
     * @throws Exception with all that the client's user sees, if it refuses the certificate
     */
    String exchange(EchoServer server, Trust trust, String setting) throws Exception;

    /** What the user of a client sees, line by line: the output of a program, or an exception and its causes. */
    static List<String> lines(Throwable refusal) {
        if (refusal instanceof Program.FailedException failed) {
            return failed.output().lines().toList();
        }
        List<String> lines = new ArrayList<>();
        for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
            lines.add(cause.toString());
        }
        return lines;
    }
}
