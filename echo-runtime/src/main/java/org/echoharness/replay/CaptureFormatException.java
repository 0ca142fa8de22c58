package org.echoharness.replay;

/** Thrown if a capture cannot become a script. The message says why, and the cure. */
public final class CaptureFormatException extends Exception {

    private static final long serialVersionUID = 1L;

    CaptureFormatException(String message) {
        super(message);
    }
}
