package org.echoharness.tls;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import org.echoharness.text.Escaping;

/**
 * The wire of a client during the handshake of TLS: passes bytes on, and notes how far the server has come, so that an error
 * says what was awaited and what was seen. One thread at a time uses it.
 */
public final class ClientHandshake implements ByteChannel {

    private static final int MOST_SEEN = 8;
    private static final int MESSAGE_HEADER = 4; // type, and a length of 3 bytes (RFC 8446, section 4)
    private static final String CLIENT_HELLO = "ClientHello";
    private static final String SERVER_HELLO = "ServerHello";

    private final ByteChannel wire;
    private final ByteBuffer header = ByteBuffer.allocate(TlsRecord.HEADER);
    private final ByteBuffer message = ByteBuffer.allocate(MESSAGE_HEADER);
    private final List<String> seen = new ArrayList<>();
    private long received;
    private int recordLeft;
    private int messageLeft;
    private boolean hasMore; // messages than those
    private boolean isClear = true; // what the server sends now is not encrypted
    private boolean hasEnded;

    public ClientHandshake(ByteChannel wire) {
        this.wire = wire;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        int start = into.position();
        int n = wire.read(into);
        if (n > 0) {
            received += n;
            look(into.duplicate().flip().position(start));
        }
        hasEnded |= n < 0;
        return n;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
        return wire.write(bytes);
    }

    /** Throws if the server has ended the connection. Called while the handshake is not complete. */
    public void checkNotEnded() throws IOException {
        if (hasEnded) {
            throw new EOFException("the server ended the connection");
        }
    }

    private void look(ByteBuffer came) {
        while (isClear && came.hasRemaining()) {
            if (recordLeft > 0) {
                recordLeft--;
                lookInMessage(came.get());
            } else {
                header.put(came.get());
                if (!header.hasRemaining()) {
                    header.flip();
                    isClear = TlsRecord.type(header) == TlsRecord.HANDSHAKE; // what follows any other is encrypted
                    recordLeft = TlsRecord.length(header) - TlsRecord.HEADER;
                    header.clear();
                }
            }
        }
    }

    private void lookInMessage(byte next) {
        if (messageLeft > 0) {
            messageLeft--;
            return;
        }
        message.put(next);
        if (!message.hasRemaining()) {
            int head = message.flip().getInt();
            message.clear();
            messageLeft = head & 0xff_ffff;
            if (seen.size() < MOST_SEEN) {
                seen.add(name(head >>> 24));
            } else {
                hasMore = true;
            }
        }
    }

    /** Returns the name of a message that a server sends in clear (RFC 8446, section 4; RFC 5246, section 7.4). */
    private static String name(int type) {
        return switch (type) {
            case 1 -> CLIENT_HELLO;
            case 2 -> SERVER_HELLO;
            case 4 -> "NewSessionTicket";
            case 11 -> "Certificate";
            case 12 -> "ServerKeyExchange";
            case 13 -> "CertificateRequest";
            case 14 -> "ServerHelloDone";
            case 22 -> "CertificateStatus";
            default -> "message " + type;
        };
    }

    /** Returns what is awaited, and what was seen, in words. */
    public String progress() {
        String awaited = seen.contains(SERVER_HELLO) ? "Finished" : SERVER_HELLO;
        return "waited for the " + awaited + " of the server, which has sent "
                + (received == 0 ? "nothing" : Escaping.bytes(received))
                + (seen.isEmpty() ? "" : " (" + String.join(", ", seen) + (isClear && !hasMore ? ")" : " and more)"));
    }

    /**
     * Returns the error for a handshake that is not complete when its time is over.
     *
     * @param what such as {@code cannot connect to db:5432 with TLS within 5s}
     */
    public SocketTimeoutException late(String what) {
        return new SocketTimeoutException(what + ": " + progress());
    }

    /**
     * Returns the error for a handshake that has failed.
     *
     * @param what such as {@code cannot connect to db:5432 with TLS}
     * @param why the error of the channel with TLS, or of the socket
     */
    public IOException failed(String what, IOException why) {
        String message = what + ": " + reason(why);
        boolean isReset = !(why instanceof TlsException || hasEnded);
        IOException explained = isReset ? new SocketException(message) : new SSLHandshakeException(message);
        explained.initCause(why);
        return explained;
    }

    /** Returns why the handshake has failed, in words. */
    public String reason(IOException why) {
        if (hasEnded) {
            return "the server ended the connection; " + progress();
        }
        if (!(why instanceof TlsException failed)) {
            return text(why) + "; " + progress();
        }
        if (!seen.isEmpty() && seen.get(0).equals(CLIENT_HELLO)) {
            return "the server does not speak TLS: it sent the ClientHello back; set its tls";
        }
        Throwable cause = failed.getCause();
        String alert = cause == null ? "" : TlsAlert.received(cause);
        if (!alert.isEmpty()) {
            return "the server refused the handshake with the alert " + alert;
        }
        return certificate(failed);
    }

    /** Returns what is wrong with the certificate of the server, or else the message of the error. */
    private static String certificate(TlsException why) {
        Throwable last = why;
        for (Throwable cause = why; cause != null; cause = cause.getCause()) {
            last = cause;
            if (cause instanceof CertificateExpiredException) {
                return "the certificate of the server has expired (" + text(cause) + ")";
            }
            if (cause instanceof CertificateNotYetValidException) {
                return "the certificate of the server is not yet valid (" + text(cause) + ")";
            }
            if (cause instanceof CertPathBuilderException) {
                return "the certificate of the server is not trusted (" + text(cause)
                        + "); trust it, or the root that signed it";
            }
        }
        String message = String.valueOf(last.getMessage());
        boolean isOfAnother = last instanceof CertificateException && message.startsWith("No ");
        return isOfAnother
                ? "the certificate of the server is for another host (" + text(last) + ")"
                : String.valueOf(why.getMessage());
    }

    private static String text(Throwable failed) {
        return Escaping.cut(Escaping.escape(String.valueOf(failed.getMessage())));
    }

    @Override
    public boolean isOpen() {
        return wire.isOpen();
    }

    @Override
    public void close() throws IOException {
        wire.close();
    }
}
