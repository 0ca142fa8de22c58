package org.echoharness.failing;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.HashSet;
import java.util.Set;

/** What a system lacks that is not here. Any thread may ask it. */
enum Platform {
    /** The system of this machine. */
    USUAL,
    /** One whose sockets cannot share a port, such as Windows. */
    NO_REUSEPORT,
    /** One that does not let a close send an RST. */
    LINGER_REFUSED,
    /** One that speaks another language. */
    OTHER_MESSAGES;

    private static final String OTHER = "Fehler 42";

    /** Throws if this system has no such option, or does not let it be set. */
    void check(SocketOption<?> option) throws IOException {
        if (this == NO_REUSEPORT && option == StandardSocketOptions.SO_REUSEPORT) {
            throw new UnsupportedOperationException("'" + option + "' not supported");
        }
        if (this == LINGER_REFUSED && option == StandardSocketOptions.SO_LINGER) {
            throw new IOException("Invalid argument");
        }
    }

    /** Returns the error as this system reports it. */
    IOException said(IOException usual) {
        if (this != OTHER_MESSAGES || Failure.isCauseOf(usual)) {
            return usual;
        }
        if (usual instanceof ConnectException) {
            return new ConnectException(OTHER);
        }
        if (usual instanceof BindException) {
            return new BindException(OTHER);
        }
        return usual instanceof SocketException ? new SocketException(OTHER) : usual;
    }

    Set<SocketOption<?>> supported(Set<SocketOption<?>> usual) {
        Set<SocketOption<?>> supported = new HashSet<>(usual);
        if (this == NO_REUSEPORT) {
            supported.remove(StandardSocketOptions.SO_REUSEPORT);
        }
        return supported;
    }
}
