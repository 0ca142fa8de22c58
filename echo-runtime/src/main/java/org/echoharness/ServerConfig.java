package org.echoharness;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a server was built with; checked by its builder. Zero means none where a limit may be absent.
 *
 * @param closesIdle whether a connection that is idle ends with a FIN; else with an RST
 */
record ServerConfig(
        List<HostAndPort> addresses,
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
        Consumer<String> warnings) {}
