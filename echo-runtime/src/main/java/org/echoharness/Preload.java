package org.echoharness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import org.echoharness.loop.Alarms;
import org.echoharness.loop.UnsentBytes;
import org.echoharness.memory.HeldMemory;
import org.echoharness.memory.RingBuffer;
import org.echoharness.sockets.SocketChannels;
import org.echoharness.sockets.StartupClasses;
import org.echoharness.sockets.UrgentData;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.echoharness.text.Utf8;

/**
 * Loads the classes that serving and reporting failures need, at the start of a server. Later the process may have no file
 * descriptor left, but a class is read from a file, and the JDK opens a socket before it closes its first one.
 */
final class Preload {

    private static volatile boolean done;

    private Preload() {}

    /** Loads the classes once for all servers of this JVM. */
    static void run() throws IOException {
        if (done) {
            return;
        }
        try (SocketChannel channel = SocketChannel.open()) {
            UrgentData.keepInline(channel);
        }
        StartupClasses.load(
                ServerConnection.class,
                ConnectionCounters.Counts.Cause.class,
                ServerConnection.Due.class,
                ConnectionPump.Next.class,
                ConnectionPump.Terms.class,
                RingBuffer.class,
                HeldMemory.class,
                Alarms.Alarm.class,
                Conversation.class,
                HostAndPort.class,
                SocketChannels.class,
                Escaping.class,
                Utf8.class,
                Quantities.class,
                Ending.How.class,
                OptionText.class);
        done = true;
    }

    /** Loads the classes that recording a connection needs. */
    static void recording() {
        InetSocketAddress any = new InetSocketAddress(0);
        ConnectionRecorder recorder = new ConnectionRecorder(
                new RecordingStore(Ending.Side.SERVER, 1, 1), Ending.Side.SERVER, 0, any, any, 1, Instant.EPOCH, 0);
        recorder.received(ByteBuffer.allocate(1), 0);
        recorder.rejected("", 0);
        recorder.store().server("");
    }

    /** Loads the classes that applying these faults to a connection needs. */
    static void faults(FaultPlan plan) {
        for (FaultPlan.Rule rule : plan.rules()) {
            if (!rule.faults().isEmpty()) {
                UnsentBytes.load();
                if (!Fault.onWire(rule.faults(), true).isEmpty()) {
                    WireOutput.load();
                }
                new GateChain(rule.faults(), 1, 0, false, fault -> {}).judge(0, 0);
            }
        }
    }
}
