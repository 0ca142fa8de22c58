package org.echoharness.control;

import java.io.IOException;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.echoharness.json.JsonWriter;
import org.echoharness.page.ConnectionHtml;
import org.echoharness.page.PageConnection;
import org.echoharness.page.PageHead;
import org.echoharness.page.PageParts;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * The stream of the live page: its head and a row for each connection, as HTML, and then those that have changed. It has no
 * bytes of conversations, which the page asks for one by one. Like {@link EventStream}, it keeps no queue. The thread of the
 * stream calls it.
 */
final class PageStream {

    /** How long changes are gathered: a person sees no difference. */
    private static final Duration GATHERED = Duration.ofMillis(80);

    /** How often the state is looked at, which no event reports. */
    private static final Duration STATE = Duration.ofMillis(250);

    /** How long the stream rests, in parts of the time that it has taken, so that many changes do not load the machine. */
    private static final int REST = 4;

    private static final Duration LONGEST_REST = Duration.ofMillis(400);

    private final ControlledServer server;
    private final RequestThreads threads;
    private final Duration beat;
    private final Writer out;
    private final Map<String, String> sentTexts = new LinkedHashMap<>();
    private Map<Object, Row> rows = new LinkedHashMap<>();
    private long rejected;
    private long messages;
    private long last; // nanoseconds from the first connection to the last event

    /** What changes with each event of a connection. */
    private record Version(
            int events,
            long leftOut,
            long received,
            long sent,
            boolean hasEnded,
            @Nullable Version upstream) {

        static Version of(RecordingView.Connection of) {
            RecordingView.Connection upstream = of.upstream();
            return new Version(
                    of.eventCount(),
                    of.eventsLeftOut(),
                    of.receivedTotal(),
                    of.sentTotal(),
                    of.end() != null,
                    upstream == null ? null : of(upstream));
        }
    }

    /** A row that the page has. */
    private record Row(String name, Version version) {}

    PageStream(ControlledServer server, RequestThreads threads, Duration beat, Writer out) {
        this.server = server;
        this.threads = threads;
        this.beat = beat;
        this.out = out;
    }

    /** Writes until the server or the interface closes. */
    void run() throws IOException, InterruptedException {
        long lastWrite = System.nanoTime();
        boolean isLast = false;
        while (true) {
            long begin = System.nanoTime();
            long before = messages;
            ServerView view = server.view();
            RecordingView recording = server.recording();
            isLast |= view.state().equals("closed");
            update(view, recording);
            if (messages == before && System.nanoTime() - lastWrite >= beat.toNanos()) {
                out.write(": nothing new\n\n");
                messages++;
            }
            if (messages != before) {
                out.flush();
                lastWrite = System.nanoTime();
            }
            if (isLast) {
                return;
            }
            if (!threads.awaitClosing(rest(System.nanoTime() - begin))) {
                if (recording == null) {
                    threads.awaitClosing(STATE);
                } else {
                    server.awaitChange(recording.changes(), STATE.minus(GATHERED));
                }
            }
            isLast = threads.isClosing();
        }
    }

    private static Duration rest(long worked) {
        long most = Math.min(worked * REST, LONGEST_REST.toNanos());
        return Duration.ofNanos(Math.max(GATHERED.toNanos(), most));
    }

    /** Writes one message, unless nothing has changed. */
    private void update(ServerView view, @Nullable RecordingView recording) throws IOException {
        List<String> changed = new ArrayList<>(); // names and HTML by turns
        List<String> gone = new ArrayList<>();
        if (recording != null) {
            compare(recording, changed, gone);
        }
        boolean isOpen = view.open() > 0;
        long now = recording == null ? 0 : server.sinceFirst();
        PageHead head = recording == null ? new PageHead("", List.of(), "", List.of(), 0) : server.pageHead(last);
        Map<String, String> texts = texts(view, recording, head);
        texts.entrySet().removeIf(each -> each.getValue().equals(sentTexts.put(each.getKey(), each.getValue())));
        if (messages > 0 && changed.isEmpty() && gone.isEmpty() && texts.isEmpty()) {
            return;
        }
        boolean isFirst = messages++ == 0;
        out.append("event: page\nid: ").append(Long.toString(messages)).append("\ndata: ");
        JsonWriter json = new JsonWriter(out);
        json.beginObject().name("first").value(isFirst).name("now").value(now);
        json.name("last").value(last).name("open").value(isOpen).name("rows").beginArray();
        for (int i = 0; i < changed.size(); i += 2) {
            json.beginObject().name("name").value(changed.get(i));
            json.name("html").value(changed.get(i + 1)).endObject();
        }
        json.endArray().name("gone").values(gone).name("texts").values(texts);
        json.name("done").beginArray();
        for (PageHead.Happened each : head.happened()) {
            json.value(each.since());
        }
        json.endArray();
        json.name("state").value(view.state()).name("frozen").value(view.frozen());
        json.name("kind").value(view.kind()).name("startsInClear").value(view.startsInClear());
        json.name("faults").value(view.faults()).endObject();
        out.append("\n\n");
    }

    private void compare(RecordingView recording, List<String> changed, List<String> gone) throws IOException {
        Map<Object, Row> kept = new LinkedHashMap<>();
        for (RecordingView.Connection each : recording.connections()) {
            Row before = rows.remove(each.key());
            Row row = new Row(before == null ? name(each) : before.name(), Version.of(each));
            kept.put(each.key(), row);
            if (!row.equals(before)) {
                PageConnection page = server.page(each);
                last = Math.max(last, page.last());
                StringBuilder html = new StringBuilder();
                ConnectionHtml.writeRow(page, html);
                changed.add(row.name());
                changed.add(html.toString());
            }
        }
        rows.values().forEach(row -> gone.add(row.name()));
        rows = kept;
    }

    private String name(RecordingView.Connection of) {
        return of.number() > 0 ? "c" + of.number() : "r" + ++rejected;
    }

    /** Returns the HTML of each place of the head. */
    private static Map<String, String> texts(ServerView view, @Nullable RecordingView recording, PageHead head)
            throws IOException {
        List<PageHead.Fact> facts = new ArrayList<>();
        facts.add(fact("Server", view.kind() + " on " + String.join(", ", view.addresses())));
        facts.add(fact("State", state(view)));
        facts.add(fact("Connections", counters(view)));
        facts.addAll(head.facts());
        List<String> log = head.happened().stream().map(PageHead.Happened::line).toList();
        List<String> notes = new ArrayList<>();
        if (recording == null) {
            facts.add(fact("Plan", view.faults()));
            notes.add("The server does not record. To see its connections here, start it without recording=none.");
        } else {
            note(recording.leftOut(), " not kept, since the recording is full.", notes);
            note(recording.forgotten(), " forgotten on request.", notes);
        }
        List<String> problems = new ArrayList<>();
        view.problems().forEach(each -> problems.add(each.text()));
        if (view.problemsLeftOut() > 0) {
            problems.add("and " + view.problemsLeftOut() + " more, which are only counted");
        }
        List<PageHead.Fact> options = new ArrayList<>();
        view.options().forEach((word, text) -> options.add(fact(word, text)));
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("facts", facts(facts));
        texts.put("log", lines(log));
        texts.put("problems", lines(problems));
        texts.put("options", facts(options));
        texts.put("notes", lines(notes));
        return texts;
    }

    private static PageHead.Fact fact(String word, String text) {
        return new PageHead.Fact(word, text);
    }

    private static String state(ServerView view) {
        String state = switch (view.state()) {
            case "refusing" -> "refuses connects";
            case "unanswered" -> "leaves connects unanswered";
            case "closed" -> view.failure() == null ? "closed" : "closed by itself: " + Escaping.escape(view.failure());
            default -> "accepts connects";
        };
        return view.frozen() ? state + "; frozen: neither reads nor sends" : state;
    }

    private static String counters(ServerView view) {
        Map<String, Long> counters = view.counters();
        StringBuilder text = new StringBuilder(view.open() + " open; " + view.accepted() + " accepted");
        counters.forEach((name, count) -> {
            if (count > 0 && !name.equals("accepted") && !name.equals("peak")) {
                text.append(", ").append(count).append(name.equals("idleClosed") ? " closed because idle" : " " + name);
            }
        });
        long peak = counters.getOrDefault("peak", 0L);
        return peak > 1 ? text + "; at most " + peak + " at the same time" : text.toString();
    }

    private static void note(long count, String what, List<String> notes) {
        if (count > 0) {
            notes.add(count + (count == 1 ? " connection is" : " connections are") + what);
        }
    }

    private static String facts(List<PageHead.Fact> facts) throws IOException {
        StringBuilder html = new StringBuilder();
        PageParts.facts(facts, html);
        return html.toString();
    }

    private static String lines(List<String> lines) throws IOException {
        StringBuilder html = new StringBuilder();
        PageParts.lines(lines, html);
        return html.toString();
    }
}
