package org.echoharness.control;

import java.io.IOException;
import java.util.List;
import org.echoharness.control.ControlledServer.End;
import org.echoharness.control.ControlledServer.Found;
import org.echoharness.text.Escaping;

/** What the HTTP interface does with one connection. The threads of requests call it. */
final class ConnectionRoutes {

    private ConnectionRoutes() {}

    /**
     * Does what a path below {@code connections} says. Answers a GET; the caller answers the others.
     *
     * @return false if there is no such path
     */
    static boolean handle(List<String> path, ControlledServer server, ControlRequest request) throws IOException {
        String word = path.size() == 4 ? "" : path.get(4);
        if (!List.of("", "reset", "close", "half-close", "start-tls", "send").contains(word)) {
            return false;
        }
        long number = number(path.get(3));
        request.only(word.isEmpty() ? "GET" : "POST");
        switch (word) {
            case "reset" -> end(number, End.RESET, server, request);
            case "close" -> end(number, End.CLOSE, server, request);
            case "half-close" -> {
                request.parameters();
                server.endWhenSent(number, End.HALF_CLOSE);
            }
            case "start-tls" -> {
                request.parameters();
                server.startTls(number);
            }
            case "send" -> {
                request.parameters();
                check(server.send(number, request.body()), number, server);
            }
            default -> {
                request.parameters();
                String remote = server.remote(number);
                request.answer(json -> json.beginObject()
                        .name("number")
                        .value(number)
                        .name("remote")
                        .value(remote)
                        .endObject());
            }
        }
        return true;
    }

    static long number(String text) {
        if (!text.matches("[1-9]\\d{0,17}")) {
            throw new RefusedRequestException(
                    404, "connection " + Escaping.quote(text) + " is no number; the first accepted one is 1");
        }
        return Long.parseLong(text);
    }

    private static void end(long number, End how, ControlledServer server, ControlRequest request) {
        if (request.flag("sent")) {
            server.endWhenSent(number, how);
        } else {
            check(server.end(number, how == End.CLOSE), number, server);
        }
    }

    /** Refuses the request unless the connection is open. */
    static void check(Found found, long number, ControlledServer server) {
        if (found == Found.UNKNOWN) {
            long accepted = server.view().accepted();
            throw new RefusedRequestException(
                    404,
                    "connection " + number + " has not been accepted; the server has accepted "
                            + (accepted == 1 ? "1 connection" : accepted + " connections"));
        }
        if (found == Found.ENDED) {
            throw new RefusedRequestException(409, "connection " + number + " has ended");
        }
    }
}
