package org.echoharness.sockets;

import java.io.IOException;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * Keeps TCP's urgent data at its place in the stream. Otherwise the kernel takes it out, and no read returns it. Any thread
 * may call it.
 */
public final class UrgentData {

    private static final String NAME = "SO_OOBINLINE";

    /** The JDK has no constant for it, so it is found by its name. */
    private static volatile @Nullable SocketOption<Boolean> option;

    private UrgentData() {}

    /** Makes one system call. Listening sockets of the JDK lack the option, so accepted ones cannot inherit it. */
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
