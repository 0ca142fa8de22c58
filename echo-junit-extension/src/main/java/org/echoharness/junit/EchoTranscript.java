package org.echoharness.junit;

import org.jspecify.annotations.Nullable;

/**
 * Reports what happened on the connections of a failed test. The failure carries it as a suppressed exception without a
 * stack trace. The message is the transcript.
 */
public final class EchoTranscript extends Exception {

    private static final long serialVersionUID = 1L;

    EchoTranscript(String transcript) {
        this(transcript, null);
    }

    EchoTranscript(String transcript, @Nullable Throwable cause) {
        super(transcript, cause, false, false);
    }
}
