package org.echoharness;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a server was built with; checked by its builder. Zero means none where a limit may be absent.
 *
 * @param bindsEvery whether a name stands for all its addresses; else for the first
 * @param closesIdle whether a connection that is idle ends with a FIN; else with an RST
 */
record ServerConfig(
        List<HostAndPort> addresses,
        boolean bindsEvery,
        int backlog,
        int bufferSize,
        int maxConnections,
        long idleNanos,
        boolean closesIdle,
        int eventLoops,
        FaultPlan faults,
        int recordedBytes,
        int recordedConnections,
        @Nullable Conversation conversation,
        Consumer<String> warnings,
        ConnectionPump.Factory pumps,
        ConnectionWire.Factory wires) {}
