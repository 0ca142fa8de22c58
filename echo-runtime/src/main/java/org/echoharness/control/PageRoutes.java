package org.echoharness.control;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.echoharness.control.ControlledServer.FileKind;
import org.echoharness.control.ControlledServer.Found;
import org.echoharness.page.ConnectionHtml;
import org.echoharness.page.ConnectionText;

/** What the live page asks for beside its stream. The threads of requests call it. */
final class PageRoutes {

    private static final String HTML = "." + FileKind.HTML.suffix();

    private PageRoutes() {}

    /** Answers with the numbers of the connections that have a text. */
    static void find(RecordingView recording, ControlledServer server, ControlRequest request) throws IOException {
        String text = request.parameters("text").get("text");
        if (text == null) {
            throw new RefusedRequestException(400, "connections needs a text, as in connections?text=PING");
        }
        List<Long> found = new ArrayList<>();
        for (RecordingView.Connection each : recording.connections()) {
            if (each.number() > 0 && ConnectionText.contains(server.page(each), text.toLowerCase(Locale.ROOT))) {
                found.add(each.number());
            }
        }
        request.answer(json -> {
            json.beginObject().name("text").value(text).name("connections").beginArray();
            for (long number : found) {
                json.value(number);
            }
            json.endArray().endObject();
        });
    }

    /** Returns whether the last part of a path stands for the conversation of a connection. */
    static boolean isConversation(String name) {
        return name.endsWith(HTML);
    }

    /** Answers with the conversation of one connection as the page shows it. */
    static void conversation(String name, RecordingView recording, ControlledServer server, ControlRequest request)
            throws IOException {
        request.parameters();
        long number = ConnectionRoutes.number(name.substring(0, name.length() - HTML.length()));
        for (RecordingView.Connection each : recording.connections()) {
            if (each.number() == number) {
                try (Writer out = request.answer(FileKind.HTML.type())) {
                    ConnectionHtml.writeLadder(server.page(each), out);
                }
                return;
            }
        }
        if (number > server.view().accepted()) {
            ConnectionRoutes.check(Found.UNKNOWN, number, server);
        }
        throw new RefusedRequestException(404, "connection " + number + " is not kept any more");
    }
}
