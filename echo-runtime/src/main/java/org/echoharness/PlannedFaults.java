package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.List;

/** A plan and the number that a connection has in it. */
record PlannedFaults(FaultPlan plan, long number) {

    List<Fault> faults(SocketChannel connection) throws IOException {
        return plan.faults(number, (InetSocketAddress) connection.getRemoteAddress());
    }
}
