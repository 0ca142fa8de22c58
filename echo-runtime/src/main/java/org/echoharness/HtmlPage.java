package org.echoharness;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.echoharness.page.PageConnection;
import org.echoharness.page.PageEvent;
import org.echoharness.page.PageHead;
import org.echoharness.page.RecordingPage;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Escaping;
import org.echoharness.text.FirstDifference;
import org.echoharness.text.Quantities;
import org.echoharness.text.ServerLog;
import org.echoharness.text.TextSize;
import org.jspecify.annotations.Nullable;

/**
 * Writes recorded connections as one page: turns them into the plain records of the package {@code page}, which has the
 * HTML, the style and the script. Every byte of the wire is escaped.
 */
final class HtmlPage {

    private static final String NAME = "Echo conversation";
    private static final int UNFOLDED = 3; // as many connections or fewer are shown unfolded
    private static final int MOST_ADDRESSES = 8;

    private HtmlPage() {}

    /**
     * What the page says beside the connections.
     *
     * @param title what the recording is of, such as a test; escaped; empty if unknown
     * @param by the side that recorded
     * @param plan the plan in force; null if there is none
     * @param applied the faults that took effect
     * @param total how many connections there were
     * @param peak the most that were open at the same time
     * @param leftOut how many are not kept
     * @param note what else is missing; empty if nothing
     * @param server what happened to the server as a whole
     */
    record About(
            String title,
            Ending.Side by,
            @Nullable FaultPlan plan,
            Set<Fault> applied,
            long total,
            int peak,
            long leftOut,
            String note,
            ServerLog.Snapshot server) {}

    /** Returns the most bytes that a connection takes in a page. */
    static long size(RecordedConnection connection) throws IOException {
        return TextSize.of(text -> RecordingPage.writeLargest(neutral(connection), text));
    }

    static void write(List<RecordedConnection> connections, About about, Path file) throws IOException {
        CompleteFile.write(file, out -> {
            Writer page = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            write(connections, about, page);
            page.flush();
        });
    }

    static void write(List<RecordedConnection> connections, About about, Appendable out) throws IOException {
        long span = connections.stream().mapToLong(HtmlPage::last).max().orElse(0);
        RecordingPage page = new RecordingPage(span, connections.size() <= UNFOLDED, out);
        String title = about.title().isEmpty() ? NAME : about.title();
        List<PageHead.Fact> facts = facts(connections, about, span);
        page.head(new PageHead(title, facts, about.server().of(), happened(about.server()), span));
        List<String> notes = new ArrayList<>();
        if (connections.isEmpty()) {
            notes.add("No connection came.");
        } else {
            page.startConnections();
            for (RecordedConnection connection : connections) {
                page.connection(neutral(connection));
            }
            page.endConnections();
        }
        if (about.leftOut() > 0) {
            notes.add(
                    about.leftOut() + (about.leftOut() == 1 ? " connection was" : " connections were") + " not kept.");
        }
        if (!about.note().isEmpty()) {
            notes.add(about.note());
        }
        page.end(notes);
    }

    /** Returns what the live page says about a recording, beside the state of its server. */
    static PageHead live(List<RecordedConnection> connections, About about, long span) {
        List<PageHead.Fact> facts = new ArrayList<>();
        if (!about.title().isEmpty()) {
            facts.add(new PageHead.Fact("Title", about.title()));
        }
        planAndEffects(about, facts);
        if (!connections.isEmpty()) {
            facts.add(new PageHead.Fact("When", when(connections, span)));
            facts.add(new PageHead.Fact("Ended", ends(connections)));
        }
        return new PageHead(about.title(), facts, about.server().of(), happened(about.server()), span);
    }

    private static List<PageHead.Happened> happened(ServerLog.Snapshot log) {
        List<PageHead.Happened> happened = new ArrayList<>();
        List<String> lines = log.lines();
        int remarks = lines.size() - log.events().size();
        for (int i = 0; i < lines.size(); i++) {
            Duration since = log.events().get(Math.max(0, i - remarks)).since();
            happened.add(new PageHead.Happened(since.toNanos(), lines.get(i)));
        }
        return happened;
    }

    private static List<PageHead.Fact> facts(List<RecordedConnection> connections, About about, long span) {
        List<PageHead.Fact> facts = new ArrayList<>();
        boolean isServer = about.by() == Ending.Side.SERVER;
        Set<String> servers = addresses(connections);
        if (!servers.isEmpty()) {
            facts.add(new PageHead.Fact(isServer ? "Server" : "Client of", String.join(", ", servers)));
        }
        Set<String> upstreams = addresses(connections.stream()
                .flatMap(connection -> connection.upstream().stream())
                .toList());
        if (!upstreams.isEmpty()) {
            facts.add(new PageHead.Fact("Relays to", String.join(", ", upstreams)));
        }
        planAndEffects(about, facts);
        if (!connections.isEmpty()) {
            facts.add(new PageHead.Fact("When", when(connections, span)));
            facts.add(new PageHead.Fact("Connections", count(connections, about)));
            facts.add(new PageHead.Fact("Ended", ends(connections)));
        }
        return facts;
    }

    private static void planAndEffects(About about, List<PageHead.Fact> facts) {
        if (about.plan() != null) {
            facts.add(new PageHead.Fact("Plan", about.plan().toString()));
        }
        if (about.by() == Ending.Side.SERVER) {
            String applied = about.applied().stream().map(Fault::toString).collect(Collectors.joining(", "));
            facts.add(new PageHead.Fact("Took effect", applied.isEmpty() ? "no fault" : Escaping.cut(applied)));
        }
    }

    private static String when(List<RecordedConnection> connections, long span) {
        Instant first = connections.get(0).accepted().minus(connections.get(0).opened());
        return time(first) + ", for " + Quantities.millis(Duration.ofNanos(span)) + " ms";
    }

    private static String count(List<RecordedConnection> connections, About about) {
        String shown = about.total() == connections.size() ? "" : ", of which " + connections.size() + " are here";
        return about.total() + shown + (about.peak() > 1 ? "; at most " + about.peak() + " at the same time" : "");
    }

    private static String ends(List<RecordedConnection> connections) {
        Map<String, Integer> ends = new TreeMap<>();
        connections.forEach(connection -> ends.merge(ended(connection).text(), 1, Integer::sum));
        return ends.entrySet().stream()
                .map(end -> end.getValue() + " " + end.getKey())
                .collect(Collectors.joining(", "));
    }

    private static Set<String> addresses(List<RecordedConnection> connections) {
        return connections.stream()
                .map(RecordedConnection::server)
                .distinct()
                .limit(MOST_ADDRESSES)
                .map(HostAndPort::text)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** Returns the nanoseconds from the first connection of the recording to the last event of this one. */
    private static long last(RecordedConnection connection) {
        long last = connection.upstream().map(HtmlPage::last).orElse(0L);
        List<RecordedEvent> events = connection.log().list();
        Duration after =
                events.isEmpty() ? Duration.ZERO : events.get(events.size() - 1).after();
        return Math.max(last, connection.opened().plus(after).toNanos());
    }

    /** Returns the connection as the page has it. */
    static PageConnection neutral(RecordedConnection connection) throws IOException {
        RecordedConnection upstream = connection.upstream().orElse(null);
        List<PageConnection.End> ends = new ArrayList<>();
        ends.add(end("client", connection.client()));
        ends.add(end(upstream == null ? "server" : "relay", connection.server()));
        if (upstream != null) {
            ends.add(end("server", upstream.server()));
        }
        List<String> limits = new ArrayList<>(limits(connection));
        if (upstream != null) {
            limits.addAll(limits(upstream));
        }
        Relay relay = Relay.of(connection);
        return new PageConnection(
                connection.number(),
                ends,
                connection.opened().toNanos(),
                last(connection),
                connection.toServer().total(),
                connection.toClient().total(),
                ended(connection),
                factsOf(connection, upstream),
                Transcript.changes(connection).stream().map(HtmlPage::sentence).toList(),
                relay != null && (relay.toServer() != null || relay.toClient() != null),
                limits,
                events(connection, relay));
    }

    private static PageConnection.End end(String role, SocketAddress address) {
        return new PageConnection.End(role, HostAndPort.text(address));
    }

    private static PageConnection.Ended ended(RecordedConnection connection) {
        Ending ending = connection.ending().orElse(null);
        if (ending == null) {
            return new PageConnection.Ended("open", "open", "");
        }
        if (connection.number() == 0) {
            return new PageConnection.Ended("rejected", "rejected", ending.why());
        }
        String by = ending.by().toString().toLowerCase(Locale.ROOT);
        String how = ending.how().toString();
        return new PageConnection.Ended(how.toLowerCase(Locale.ROOT), how + " by " + by, ending.why());
    }

    private static List<String> factsOf(RecordedConnection connection, @Nullable RecordedConnection upstream) {
        String start = connection.recordedBy() == Ending.Side.CLIENT ? "connected " : "accepted ";
        Duration opened = connection.opened();
        String since = opened.isZero() ? "" : " (" + Quantities.millis(opened) + " ms after the first connection)";
        String fact = sums(connection) + start + time(connection.accepted()) + since + "; " + end(connection);
        return upstream == null
                ? List.of(fact)
                : List.of(
                        fact,
                        "Relayed to " + upstream.peer() + ": " + sums(upstream) + "connected "
                                + time(upstream.accepted()) + "; " + end(upstream));
    }

    private static String time(Instant exact) {
        return exact.truncatedTo(ChronoUnit.MILLIS).toString();
    }

    private static String sums(RecordedConnection leg) {
        return Escaping.bytes(leg.bytesReceived()) + " received, " + Escaping.bytes(leg.bytesSent()) + " sent; ";
    }

    private static String end(RecordedConnection leg) {
        return leg.ending().map(ending -> "ended by " + ending).orElse("still open") + ".";
    }

    private static String sentence(String change) {
        return Character.toUpperCase(change.charAt(0)) + change.substring(1) + ".";
    }

    /** States once for each direction what is not kept. */
    private static List<String> limits(RecordedConnection leg) {
        List<String> limits = new ArrayList<>();
        String of = leg.isUpstream() ? " of the upstream" : "";
        limit(leg.toServer(), "to the server" + of, limits);
        limit(leg.toClient(), "to the client" + of, limits);
        return limits;
    }

    private static void limit(RecordedConnection.Stream stream, String where, List<String> limits) {
        int kept = stream.kept().remaining();
        if (kept < stream.total()) {
            limits.add("Of the " + Escaping.bytes(stream.total()) + " " + where + ", "
                    + (kept == 0 ? "none are" : kept == 1 ? "the first is" : "the first " + kept + " are")
                    + " kept; raise recording to keep more.");
        }
    }

    private static List<PageEvent> events(RecordedConnection connection, @Nullable Relay relay) throws IOException {
        List<PageEvent> events = new ArrayList<>();
        Transcript.visit(connection, new Transcript.Visitor() {
            @Override
            public void event(RecordedConnection leg, RecordedEvent event, Duration after) {
                events.add(neutral(relay, leg, event, after));
            }

            @Override
            public void gap(RecordedConnection leg) {
                String of = leg.isUpstream() ? " of the upstream" : "";
                String text = leg.eventsLeftOut() + " more events" + of + " were not kept.";
                events.add(PageEvent.of(PageEvent.Kind.MISSING, 0, 0, 0, text));
            }
        });
        return events;
    }

    private static PageEvent neutral(
            @Nullable Relay relay, RecordedConnection leg, RecordedEvent event, Duration after) {
        PageEvent.Kind kind = kind(event);
        int at = Transcript.column(leg, event);
        int base = leg.isUpstream() ? 1 : 0;
        boolean isArrow = kind == PageEvent.Kind.BYTES
                || kind == PageEvent.Kind.CONNECT
                || kind == PageEvent.Kind.FIN
                || kind == PageEvent.Kind.RST
                || kind == PageEvent.Kind.REJECT;
        int to = isArrow ? 2 * base + 1 - at : at; // the other life line of the leg
        if (kind != PageEvent.Kind.BYTES) {
            return PageEvent.of(kind, at, to, after.toNanos(), event.detail());
        }
        String change = relay == null ? "" : relay.change(leg, event);
        ByteBuffer kept = ByteBuffer.wrap(leg.bytes(event));
        return new PageEvent(kind, at, to, after.toNanos(), event.offset(), event.bytes(), kept, "", change);
    }

    private static PageEvent.Kind kind(RecordedEvent event) {
        return switch (event.kind()) {
            case ACCEPTED, CONNECTED -> PageEvent.Kind.CONNECT;
            case REJECTED -> PageEvent.Kind.REJECT;
            case RECEIVED, SENT -> PageEvent.Kind.BYTES;
            case FAULT -> PageEvent.Kind.FAULT;
            case NOTE -> PageEvent.Kind.NOTE;
            case STEP -> PageEvent.Kind.STEP;
            case MISMATCH -> PageEvent.Kind.MISMATCH;
            case HANDSHAKE -> PageEvent.Kind.HANDSHAKE;
            case ALERT -> PageEvent.Kind.ALERT;
            case CLIENT_FIN, SERVER_FIN -> PageEvent.Kind.FIN;
            case CLIENT_RST, SERVER_RST -> PageEvent.Kind.RST;
        };
    }

    /** The legs of a relay, and the first difference in each direction, if there is any. */
    private record Relay(
            RecordedConnection client,
            RecordedConnection upstream,
            @Nullable FirstDifference toServer,
            @Nullable FirstDifference toClient) {

        static @Nullable Relay of(RecordedConnection client) {
            RecordedConnection upstream = client.upstream().orElse(null);
            return upstream == null
                    ? null
                    : new Relay(
                            client,
                            upstream,
                            Transcript.difference(client, upstream, true),
                            Transcript.difference(client, upstream, false));
        }

        /** Returns what the relay changed in the bytes of an event; empty if nothing. */
        String change(RecordedConnection leg, RecordedEvent event) {
            boolean isSent = event.kind() == RecordedEvent.Kind.SENT;
            boolean isToServer = leg.isUpstream() == isSent;
            FirstDifference first = isToServer ? toServer : toClient;
            if (first == null || event.bytes() == 0 || first.offset() >= event.offset() + event.bytes()) {
                return "";
            }
            return isSent ? changed(isToServer, event) : lost(isToServer ? upstream : client, first, event);
        }

        private String changed(boolean isToServer, RecordedEvent event) {
            RecordedConnection.Stream came = isToServer ? client.toServer() : upstream.toClient();
            RecordedConnection.Stream sent = isToServer ? upstream.toServer() : client.toClient();
            int from = (int) Math.min(
                    event.offset(), Math.min(came.kept().limit(), sent.kept().limit()));
            int to = (int) Math.min(event.offset() + event.bytes(), sent.kept().limit());
            int same = Math.min(to, came.kept().limit()) - from;
            int offset = came.kept()
                    .slice(from, Math.max(0, same))
                    .mismatch(sent.kept().slice(from, Math.max(0, same)));
            if (offset >= 0) {
                return "changed: at offset " + (from + offset) + " came "
                        + Escaping.excerpt(came.kept(), from + offset);
            }
            long more = event.offset() + event.bytes() - Math.max(event.offset(), came.total());
            return more > 0 ? "added: " + Escaping.bytes(more) : "";
        }

        private static String lost(RecordedConnection to, FirstDifference first, RecordedEvent event) {
            long end = event.offset() + event.bytes();
            long missing = end - Math.max(event.offset(), first.offset());
            return first.seen().equals(FirstDifference.NOTHING) && to.ending().isPresent()
                    ? Escaping.bytes(missing) + " of them not passed on"
                    : "";
        }
    }
}
