package org.echoharness.page;

import java.util.List;

/**
 * What the page says about the recording as a whole. All texts are escaped.
 *
 * @param title what the recording is of
 * @param facts rows of a word and what it is
 * @param of "the server" or "the client"
 * @param happened what happened to it as a whole
 * @param span nanoseconds from the first connection to the last event
 */
public record PageHead(String title, List<Fact> facts, String of, List<Happened> happened, long span) {

    /** A row of the head, such as "connections" and "50". */
    public record Fact(String word, String text) {}

    /**
     * Something that happened to the server as a whole.
     *
     * @param since nanoseconds since the first connection, negative before it
     */
    public record Happened(long since, String line) {}
}
