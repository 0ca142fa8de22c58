package org.echoharness.junit;

/**
 * What happened on the connections of a test that failed; it is suppressed by the failure, and has no stack trace of its
 * own. The message is the transcript.
 */
public final class EchoTranscript extends Exception {

    private static final long serialVersionUID = 1L;

    EchoTranscript(String transcript) {
        super(transcript, null, false, false);
    }
}
