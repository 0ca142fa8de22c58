package org.echoharness.control;

import java.time.Duration;

/**
 * The limits of the HTTP interface.
 *
 * @param headers how long a client may take to send the head of a request
 * @param body how long it may take to send the body
 * @param write how long it may take to receive one piece of an answer
 * @param beat how long an event stream stays silent at most
 * @param threads how many threads answer requests
 * @param queue how many requests wait for a thread
 * @param streams how many event streams are open at the same time
 * @param waits how many requests wait for a change of a recording at the same time
 * @param downloads how many large answers have a thread of their own, so that their clients may read slowly
 */
record ControlLimits(
        Duration headers,
        Duration body,
        Duration write,
        Duration beat,
        int threads,
        int queue,
        int streams,
        int waits,
        int downloads) {

    /** The most bytes of a request's body. */
    static final int BODY = 64 << 10;

    static final ControlLimits DEFAULT = new ControlLimits(
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(15),
            8,
            4_096,
            32,
            32,
            8);
}
