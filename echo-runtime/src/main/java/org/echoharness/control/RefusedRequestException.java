package org.echoharness.control;

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
