package org.echoharness.sockets;

import java.io.IOException;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * Keeps TCP's urgent data in its place in the stream; else the kernel takes it out, and no read returns it. Any thread may
 * call it.
 */
public final class UrgentData {

    private static final String NAME = "SO_OOBINLINE";

    private static volatile @Nullable SocketOption<Boolean> option; // no constant of the JDK: found by its name

    private UrgentData() {}

    /** One system call. An accepted socket would inherit the option, but no listening socket of the JDK has it. */
    public static void keepInline(SocketChannel channel) throws IOException {
        SocketOption<Boolean> known = option;
        if (known == null) {
            known = find(channel);
            option = known;
        }
        if (known != null) {
            channel.setOption(known, true);
        } else {
            channel.socket().setOOBInline(true);
        }
    }

    @SuppressWarnings("unchecked") // its type is checked
    private static @Nullable SocketOption<Boolean> find(SocketChannel channel) {
        for (SocketOption<?> each : channel.supportedOptions()) {
            if (each.name().equals(NAME) && each.type() == Boolean.class) {
                return (SocketOption<Boolean>) each;
            }
        }
        return null;
    }
}
