package org.echoharness.simulation;

/** What a server with {@link #TEXT} answers. It knows nothing of steps: it takes lines, and the rest of the last one. */
final class ModelledScript {

    static final String GREETING = "hello\r\n";
    static final String TEXT =
            "send 'hello\\r\\n', answer { line 'PING' -> send 'PONG\\r\\n', line 'ECHO {text}' -> send"
                    + " '<{text}>', line 'QUIT' -> { send 'BYE', close }, line 'DROP' -> { send 'x', reset } }";

    private final StringBuilder rest = new StringBuilder();
    private boolean closes;
    private boolean resets;
    private boolean fails;

    /** Takes what the client has sent, and returns the answers to whole lines. */
    String takes(String sent) {
        rest.append(sent);
        StringBuilder answers = new StringBuilder();
        for (int end = rest.indexOf("\n"); end >= 0 && !closes && !fails; end = rest.indexOf("\n")) {
            String line = rest.substring(0, end > 0 && rest.charAt(end - 1) == '\r' ? end - 1 : end);
            rest.delete(0, end + 1);
            answers.append(answer(line));
        }
        return answers.toString();
    }

    private String answer(String line) {
        if (line.equals("PING")) {
            return "PONG\r\n";
        }
        if (line.startsWith("ECHO ")) {
            return "<" + line.substring(5) + ">";
        }
        resets = line.equals("DROP");
        closes = resets || line.equals("QUIT");
        fails = !closes;
        return fails ? "" : resets ? "x" : "BYE";
    }

    /** Whether the script has come to a step that ends the connection. */
    boolean closes() {
        return closes;
    }

    /** Whether that step is a reset. */
    boolean resets() {
        return resets;
    }

    /** Whether the client has sent what the script does not expect. */
    boolean fails() {
        return fails;
    }
}
