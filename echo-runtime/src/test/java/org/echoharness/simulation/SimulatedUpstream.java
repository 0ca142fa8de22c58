package org.echoharness.simulation;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.echoharness.EchoServer;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.jspecify.annotations.Nullable;

/**
 * The server behind a relay, an echo. Its options stand in a program as {@code option behind.WORD VALUE}; its faults are the same
 * for every connection, since the order of those depends on the threads of the relay.
 */
final class SimulatedUpstream implements Closeable {

    static final String OPTION = "behind.";

    private final EchoServer real;
    private final List<Fault> faults;

    private SimulatedUpstream(EchoServer real, FaultPlan plan) {
        this.real = real;
        faults = plan.rules().isEmpty() ? List.of() : plan.rules().get(0).faults();
    }

    /** Starts the server behind the relay of a program; null if the program has no relay. */
    static @Nullable SimulatedUpstream of(Program program) throws IOException {
        if (!program.option("kind", "echo").equals("relay")) {
            return null;
        }
        EchoServer.Builder options = EchoServer.builder().recording().warnings(line -> {});
        for (Program.Line line : program.lines()) {
            if (line.actor().equals(Program.OPTION) && line.verb().startsWith(OPTION)) {
                options.set(line.verb().substring(OPTION.length()), line.value());
            }
        }
        return new SimulatedUpstream(options.start(), FaultPlan.parse(program.option(OPTION + "faults", "none")));
    }

    /** Makes a server relay to this one. */
    void addTo(EchoServer.Builder relay) {
        boolean isTcp = real.socketAddress() instanceof InetSocketAddress;
        relay.upstream(isTcp ? "127.0.0.1:" + real.port() : "unix:" + real.path());
        if (hasTls()) {
            relay.upstreamTls("insecure");
        }
    }

    boolean hasTls() {
        return real.speaksTls();
    }

    List<Fault> faults() {
        return faults;
    }

    void catchUp(Duration longest) {
        real.catchUp(longest);
    }

    /** Stops reading, or goes on. */
    void freeze(boolean frozen) {
        if (frozen) {
            real.freeze();
        } else {
            real.unfreeze();
        }
    }

    /** Fails if one of its connections has. */
    void check() {
        if (real.counters().failed() > 0) {
            throw new AssertionError("the server behind the relay has failed: " + real.counters());
        }
    }

    @Override
    public void close() {
        real.close();
    }
}
