package org.echoharness.remote;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.echoharness.control.RecordingView;
import org.echoharness.control.ServerView;
import org.jspecify.annotations.Nullable;

/**
 * Reads the state of a server and its recording from JSON. What an older version does not send has a default, where there is
 * one that misleads nobody.
 */
final class ViewReader {

    private static final int DEFAULT_KEEPS = 64 << 10;

    private ViewReader() {}

    static ServerView server(JsonObject json) {
        Map<String, Long> counters = json.object("counters").numbers();
        return new ServerView(
                json.text("state"),
                json.flag("frozen", false),
                json.text("kind"),
                json.flag("startsInClear", false),
                json.texts("addresses"),
                json.object("counters").number("accepted"),
                counters,
                (int) json.number("open", 0),
                json.text("faults"),
                json.object("options").texts(),
                json.textOrNull("failure"),
                problems("problems", json),
                json.number("problemsLeftOut", 0),
                json.flag("recording"));
    }

    static List<ServerView.Problem> problems(String name, JsonObject json) {
        List<ServerView.Problem> problems = new ArrayList<>();
        for (JsonObject each : json.objects(name)) {
            problems.add(new ServerView.Problem(
                    each.number("connection"),
                    each.text("kind"),
                    each.text("where"),
                    each.text("expected"),
                    each.text("seen"),
                    each.flag("afterFault"),
                    each.flag("excused"),
                    each.text("text", "")));
        }
        return problems;
    }

    static RecordingView recording(JsonObject json) {
        List<RecordingView.Done> log = new ArrayList<>();
        for (JsonObject each : json.objects("server")) {
            log.add(new RecordingView.Done(each.number("after"), each.text("text")));
        }
        List<RecordingView.Connection> connections = new ArrayList<>();
        List<RecordingView.Connection> openLeftOut = new ArrayList<>();
        Set<Long> numbersLeftOut = json.numbers("openLeftOut");
        long newest = 0;
        for (JsonObject each : json.objects("connections")) {
            RecordingView.Connection read = connection(each);
            (numbersLeftOut.contains(read.number()) ? openLeftOut : connections).add(read);
            newest = Math.max(newest, read.number());
        }
        return new RecordingView(
                json.text("by"),
                json.number("total"),
                json.number("leftOut"),
                json.number("forgotten", 0),
                (int) json.number("peak"),
                json.number("changes"),
                json.textOrNull("over"),
                json.texts("applied"),
                log,
                json.number("serverLeftOut", 0),
                json.number("newest", newest),
                json.number("quiet", 0),
                json.flag("full", false),
                json.text("title", ""),
                json.textOrNull("faults"),
                connections,
                openLeftOut);
    }

    private static RecordingView.Connection connection(JsonObject json) {
        List<RecordingView.Event> events = new ArrayList<>();
        for (JsonObject each : json.objects("events")) {
            events.add(new RecordingView.Event(
                    each.text("kind"),
                    each.number("after"),
                    (int) each.number("bytes"),
                    each.number("offset"),
                    each.text("detail")));
        }
        JsonObject ending = json.objectOrNull("ending");
        JsonObject upstream = json.objectOrNull("upstream");
        ByteBuffer received = ByteBuffer.wrap(json.object("received").bytes("kept"));
        ByteBuffer sent = ByteBuffer.wrap(json.object("sent").bytes("kept"));
        int keeps = Math.max(DEFAULT_KEEPS, Math.max(received.limit(), sent.limit()));
        return new ReadConnection(
                json.number("number"),
                json.text("local"),
                json.text("remote"),
                json.textOrNull("proxy"),
                json.text("accepted"),
                json.number("opened"),
                (int) json.number("keeps", keeps),
                json.object("received").number("total"),
                received.asReadOnlyBuffer(),
                json.object("sent").number("total"),
                sent.asReadOnlyBuffer(),
                events,
                json.number("eventsLeftOut"),
                (int) json.number("eventsBeforeGap", events.size()),
                ending == null
                        ? null
                        : new RecordingView.End(ending.text("by"), ending.text("how"), ending.text("why")),
                json.flag("failed"),
                upstream == null ? null : connection(upstream));
    }

    /** A connection that was read. */
    private record ReadConnection(
            long number,
            String local,
            String remote,
            @Nullable String proxy,
            String accepted,
            long opened,
            int keeps,
            long receivedTotal,
            ByteBuffer received,
            long sentTotal,
            ByteBuffer sent,
            List<RecordingView.Event> all,
            long eventsLeftOut,
            int eventsBeforeGap,
            RecordingView.@Nullable End end,
            boolean failed,
            RecordingView.@Nullable Connection upstream)
            implements RecordingView.Connection {

        @Override
        public Object key() {
            return List.of(number, accepted); // a header of a proxy may change the addresses
        }

        @Override
        public int eventCount() {
            return all.size();
        }

        @Override
        public List<RecordingView.Event> events(int from) {
            return all.subList(Math.min(from, all.size()), all.size());
        }

        @Override
        public ByteBuffer payload(RecordingView.Event event) {
            ByteBuffer of = event.kind().equals("RECEIVED") ? received : sent;
            int from = (int) Math.min(event.offset(), of.limit());
            int to = (int) Math.min(of.limit(), event.offset() + event.bytes());
            return of.slice(from, to - from);
        }
    }
}
