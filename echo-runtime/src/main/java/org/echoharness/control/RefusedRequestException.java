package org.echoharness.control;

import java.io.UncheckedIOException;

/** Thrown if a request cannot be answered as it asks. The answer has this status, and the message as its error. */
final class RefusedRequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String header;
    private final String value;

    RefusedRequestException(int status, String message) {
        this(status, message, "", "");
    }

    /** @param header the name of a header that the answer also has; empty for none */
    RefusedRequestException(int status, String message, String header, String value) {
        super(message, null, false, false);
        this.status = status;
        this.header = header;
        this.value = value;
    }

    /** Returns the answer for what a server has thrown. */
    static RefusedRequestException of(Throwable thrown) {
        if (thrown instanceof RefusedRequestException refused) {
            return refused;
        }
        String text = thrown.getMessage() == null ? thrown.toString() : thrown.getMessage();
        if (thrown instanceof IllegalArgumentException) {
            return new RefusedRequestException(400, text);
        }
        if (thrown instanceof IllegalStateException) {
            return new RefusedRequestException(409, text);
        }
        if (thrown instanceof UnsupportedOperationException) {
            return new RefusedRequestException(501, text);
        }
        if (thrown instanceof OutOfMemoryError) {
            return new RefusedRequestException(
                    503,
                    "the JVM has too little memory for this answer; ask for less, forget connections that ended with"
                            + " DELETE /servers/ID/recording, or start the JVM with a greater -Xmx");
        }
        return new RefusedRequestException(500, thrown instanceof UncheckedIOException ? text : thrown.toString());
    }

    int status() {
        return status;
    }

    String header() {
        return header;
    }

    String value() {
        return value;
    }
}
