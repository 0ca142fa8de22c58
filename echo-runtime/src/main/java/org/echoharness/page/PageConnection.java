package org.echoharness.page;

import java.util.List;

/**
 * A connection, for the page. All texts are escaped.
 *
 * @param number 0 if it was rejected
 * @param ends the life lines from left to right: client, relay if there is one, server
 * @param opened nanoseconds from the first connection of the recording to this one
 * @param last nanoseconds from the first connection of the recording to the last event of this one
 * @param toServer how many bytes the client sent
 * @param toClient how many bytes the client received
 * @param end how it ended
 * @param facts sentences about the connection
 * @param changes sentences about what a relay changed
 * @param isChanged whether a relay changed anything
 * @param limits sentences about what is not kept
 * @param events in the order of their time
 */
public record PageConnection(
        long number,
        List<End> ends,
        long opened,
        long last,
        long toServer,
        long toClient,
        Ended end,
        List<String> facts,
        List<String> changes,
        boolean isChanged,
        List<String> limits,
        List<PageEvent> events) {

    /** One end of the connection: a role, such as "client", and an address. */
    public record End(String role, String address) {}

    /**
     * How a connection ended.
     *
     * @param style "fin", "rst", "rejected" or "open"
     * @param text such as "RST by server"
     * @param why the reason; empty if there is none
     */
    public record Ended(String style, String text, String why) {}

    /** Returns the faults that took effect, each once, in the order of their first time. */
    List<String> faults() {
        return events.stream()
                .filter(event -> event.kind() == PageEvent.Kind.FAULT)
                .map(PageEvent::text)
                .distinct()
                .toList();
    }
}
