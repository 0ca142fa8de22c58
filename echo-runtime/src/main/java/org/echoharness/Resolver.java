package org.echoharness;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Resolves names within a deadline. The system's resolver has none of its own, so its thread can be left behind. */
final class Resolver {

    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final String IPV4 = OCTET + "(\\." + OCTET + "){3}";

    private Resolver() {}

    /**
     * The addresses of a name, in the system's order.
     *
     * @param what what needs the addresses; it stands first in the errors
     * @throws UnknownHostException if there is none
     * @throws SocketTimeoutException if the system has not answered by the deadline
     * @throws InterruptedIOException if the thread is interrupted; it stays so
     */
    static InetAddress[] resolve(String host, long deadlineNanos, String what) throws IOException {
        if (isNumeric(host)) {
            return lookUp(host, what);
        }
        FutureTask<InetAddress[]> lookup = new FutureTask<>(() -> lookUp(host, what));
        Thread thread = new Thread(lookup, "echo resolving " + host);
        thread.setDaemon(true);
        thread.start();
        try {
            return lookup.get(Math.max(1, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            throw new SocketTimeoutException(
                    what + ": the name is not resolved yet; check the resolver, or write an address");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(what + ": interrupted while the name was resolved");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException unknown) {
                throw unknown;
            }
            throw new IOException(e.getCause());
        }
    }

    /** The default comes first: regular expressions cost the first server of a JVM a few milliseconds. */
    private static boolean isNumeric(String host) {
        return host.equals("127.0.0.1") || host.indexOf(':') >= 0 || host.matches(IPV4);
    }

    private static InetAddress[] lookUp(String host, String what) throws UnknownHostException {
        try {
            return InetAddress.getAllByName(host);
        } catch (UnknownHostException unknown) {
            UnknownHostException explained = new UnknownHostException(
                    what + ": the name does not resolve; check its spelling, or write an address");
            explained.initCause(unknown);
            throw explained;
        }
    }
}
