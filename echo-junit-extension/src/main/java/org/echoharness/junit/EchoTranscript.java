package org.echoharness.junit;

import org.jspecify.annotations.Nullable;

/**
 * What happened on the connections of a test that failed; it is suppressed by the failure, and has no stack trace of its
 * own. The message is the transcript.
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
