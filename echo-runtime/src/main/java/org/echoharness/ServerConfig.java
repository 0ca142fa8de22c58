package org.echoharness;

import java.util.List;
import java.util.function.Consumer;
import org.echoharness.control.ControlServer;
import org.jspecify.annotations.Nullable;

/**
 * The options of a server, which its builder has checked. For a limit that may be absent, zero means none.
 *
 * @param bindsEvery whether the server listens on all addresses of a name; otherwise only on the first
 * @param closesIdle whether an idle connection ends with a FIN; otherwise with an RST
 * @param script null if there is none
 * @param control the HTTP interface; null if there is none
 */
record ServerConfig(
        List<ServerAddress> addresses,
        boolean bindsEvery,
        int backlog,
        int bufferSize,
        int maxConnections,
        long idleNanos,
        boolean closesIdle,
        int eventLoops,
        FaultPlan faults,
        @Nullable Script script,
        int recordedBytes,
        int recordedConnections,
        @Nullable Conversation conversation,
        Consumer<String> warnings,
        ConnectionPump.Factory pumps,
        ConnectionWire.Factory wires,
        @Nullable Control control) {

    /**
     * The HTTP interface of a server.
     *
     * @param address where it listens
     * @param id the name of the server in it
     * @param shared that of another server, which this one joins; null for one of its own
     */
    record Control(HostAndPort address, String id, @Nullable ControlServer shared) {}
}
