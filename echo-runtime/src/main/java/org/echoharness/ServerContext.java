package org.echoharness;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import org.echoharness.loop.Warnings;
import org.jspecify.annotations.Nullable;

/**
 * The configuration, counts, recordings and warnings that all parts of one server share. Any thread may call it.
 *
 * @param recordings null if nothing is recorded
 * @param problems null if the server echoes and gets no headers of proxies
 */
record ServerContext(
        ServerConfig config,
        ConnectionCounters.Counts counts,
        @Nullable RecordingStore recordings,
        ScriptProblem.@Nullable Log problems,
        Warnings warnings,
        Server server) {

    /** The server that the parts belong to. */
    interface Server {

        /** Returns whether the server serves: it was started, and not closed since. */
        boolean isRunning();

        /** Returns whether a connect to this address reaches the server itself. */
        boolean listensAt(SocketAddress address);

        /** Called on the first loop's thread when a port listens again. */
        void listensAgain();
    }

    /**
     * Returns a reporter for a connection just accepted, or null if nothing is reported or recorded.
     *
     * @param local the address at which it was accepted
     */
    @Nullable
    ConnectionReporter reporter(SocketChannel channel, SocketAddress local, long number) {
        Conversation all = config.conversation();
        if (all == null && recordings == null) {
            return null;
        }
        Conversation mine = all == null ? null : all.of(number);
        ConnectionRecorder recorder = recordings == null ? null : recordings.open(channel, local, number);
        InetSocketAddress remote = all == null ? null : HostAndPort.remoteOf(channel);
        return remote != null
                ? ConnectionReporter.of(mine, recorder, remote)
                : new ConnectionReporter(mine, recorder, all == null ? "" : HostAndPort.peerOf(channel, local, number));
    }

    /**
     * Reports the end of a connection and, if the server runs, that it waits for the next one. Never throws.
     *
     * @param reporter null if nothing is printed or recorded
     */
    void reportEnd(
            long number,
            SocketChannel channel,
            @Nullable ConnectionReporter reporter,
            ConnectionCounters.Counts.Cause cause,
            Ending.How how,
            String why) {
        if (reporter == null) {
            return;
        }
        try {
            reporter.ended(cause.by(), how, why, cause == ConnectionCounters.Counts.Cause.FAILED);
            Conversation all = config.conversation();
            if (all != null && server.isRunning()) {
                all.waiting();
            }
        } catch (Throwable failed) {
            warnings.warn(HostAndPort.warning("a callback failed at the end of ", number, channel, ": "), failed);
        }
    }
}
