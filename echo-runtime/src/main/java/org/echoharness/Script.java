package org.echoharness;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.echoharness.dialogue.ScriptResources;
import org.echoharness.dialogue.StepChecks;
import org.echoharness.dialogue.StepLines;
import org.echoharness.dialogue.StepParser;
import org.echoharness.replay.Capture;
import org.echoharness.replay.CaptureFormatException;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;
import org.echoharness.text.FileErrorText;
import org.echoharness.text.Tokens;
import org.jspecify.annotations.Nullable;

/**
 * What a server expects of its clients and sends to them. A script is immutable. As text, scripts look like this:
 *
 * <pre>
 * send "220 ready\r\n", expect line "EHLO {host}", send "250 hello {host}\r\n", expect line "QUIT", send "221 bye\r\n", close
 * answer { line "PING" -&gt; send "PONG\r\n", line "ECHO {text}" -&gt; send "{text}\r\n" }
 * first 1: send "busy\r\n", close; others: expect "HELLO\n" within 2s, send hex "00 01 ff", echo
 * </pre>
 *
 * <p>The first rule that is for a connection applies to it. A connection without a rule is echoed. Steps without connections
 * before them are for all connections. A client that sends anything else than what a step expects is reset at once, and the
 * server keeps a {@link ScriptProblem}.
 *
 * @param rules the rules in their order; none for an echo
 */
public record Script(List<Rule> rules) {

    /**
     * Some connections, and the steps for each of them.
     *
     * @param connections the connections that this rule is for
     * @param steps the steps of each of these connections; at least one
     */
    public record Rule(Connections connections, List<Step> steps) {
        /**
         * Copies the list of steps.
         *
         * @param connections the connections that this rule is for
         * @param steps the steps of each of these connections
         * @throws IllegalArgumentException if there is no step, or if a step could never be carried out
         */
        public Rule {
            steps = List.copyOf(steps);
            if (steps.isEmpty()) {
                throw new IllegalArgumentException("script: a rule must have a step");
            }
            StepChecks.Problem problem = StepChecks.problem(steps);
            if (problem != null) {
                throw new IllegalArgumentException("script: " + problem.why());
            }
        }

        @Override
        public String toString() {
            return connections + ": " + joined(steps, ", ");
        }
    }

    private static final Script NONE = new Script(List.of());

    /**
     * Copies the list of rules.
     *
     * @param rules the rules in their order
     * @throws IllegalArgumentException if a rule would never apply, since the rules before it are for all its
     *     connections
     */
    public Script {
        rules = List.copyOf(rules);
        FaultPlan.TakenConnections taken = new FaultPlan.TakenConnections();
        for (Rule rule : rules) {
            String unused = taken.add(rule.connections(), rule);
            if (!unused.isEmpty()) {
                throw new IllegalArgumentException("script: " + unused);
            }
        }
    }

    /**
     * Returns a script without a rule, with which a server echoes; its text is {@code none}.
     *
     * @return the script
     */
    public static Script none() {
        return NONE;
    }

    /**
     * Returns a script with the same steps for every connection.
     *
     * @param steps the steps; none for an echo
     * @return the script
     * @throws IllegalArgumentException if a step could never be carried out
     */
    public static Script of(Step... steps) {
        return steps.length == 0 ? NONE : NONE.on(Connections.others(), steps);
    }

    /**
     * Returns this script with one more rule at its end.
     *
     * @param connections the connections that the new rule is for
     * @param steps the steps of each of these connections; at least one
     * @return a new script
     * @throws IllegalArgumentException if the new rule would never apply, since the rules of this script are for all these
     *     connections, or if a step could never be carried out
     */
    public Script on(Connections connections, Step... steps) {
        List<Rule> more = new ArrayList<>(rules);
        more.add(new Rule(connections, List.of(steps)));
        return new Script(more);
    }

    /**
     * Reads a script from its text.
     *
     * @param text the text of a script, or {@code none}
     * @return the script
     * @throws IllegalArgumentException if the text is not a script; the message names the position, the word and what was
     *     expected, and a valid word if one is similar
     */
    public static Script parse(String text) {
        Objects.requireNonNull(text, "text");
        return new Parser("script", text).script();
    }

    /**
     * Makes a script from a capture of packets: a pcapng file, as tshark, Wireshark and {@link Recording#writePcapng(Path)}
     * write it, or a pcap file. A server with the script does again what the captured server did; {@link
     * Recording#toScript()} describes the rules. There is one for each connection, in the order of their SYNs. Attempts to
     * connect that were refused have none, and the file of a relay's recording has its clients' connections alone. The server is the end that received the SYN. If the SYN of a connection was
     * not captured, the server is the end with the port of another connection's server, or otherwise the end that did
     * not send the first packet.
     *
     * @param file the capture
     * @return the script
     * @throws IllegalArgumentException if the file cannot be read, is no capture, has no connection, has connections to
     *     several ports, or if parts of it are missing; the message names the file and the cure
     * @since 0.1.0
     */
    public static Script ofCapture(Path file) {
        String what = "capture ("
                + Escaping.escape(Objects.requireNonNull(file, "file").toString()) + ")";
        try {
            return ofCapture(what, Files.readAllBytes(file));
        } catch (IOException unreadable) {
            throw new IllegalArgumentException(
                    what + " cannot be read: " + FileErrorText.reason(unreadable), unreadable);
        }
    }

    /** Reads a file that has a script, or a capture. */
    static Script of(ScriptResources.ScriptFile file) {
        if (file.isCapture()) {
            return ofCapture(file.option(), file.bytes());
        }
        String text = file.text();
        if (isTranscript(text)) {
            throw new IllegalArgumentException(file.option() + " is a transcript, for people to read; name the"
                    + " conversation.script that was written beside it");
        }
        return new Parser(file.option(), text).script();
    }

    /** Returns whether the first or the second line begins with milliseconds. */
    private static boolean isTranscript(String text) {
        return text.lines().limit(2).anyMatch(line -> line.matches(" *[0-9]+\\.[0-9]{3}  .*"));
    }

    private static Script ofCapture(String what, byte[] bytes) {
        try {
            List<Rule> rules = new ArrayList<>();
            for (List<Step> steps : Capture.steps(bytes)) {
                rules.add(new Rule(Connections.number(rules.size() + 1L), steps));
            }
            return new Script(rules);
        } catch (CaptureFormatException unusable) {
            throw new IllegalArgumentException(what + " cannot become a script: " + unusable.getMessage(), unusable);
        }
    }

    /** Returns the text that {@link #parse} reads, unless the script has a rule by {@link Connections#from}. */
    @Override
    public String toString() {
        if (rules.isEmpty()) {
            return OptionText.NONE;
        }
        boolean forAll = rules.size() == 1 && rules.get(0).connections() instanceof Connections.Others;
        return forAll ? joined(rules.get(0).steps(), ", ") : joined(rules, "; ");
    }

    /**
     * Returns the same text as {@link #toString}, with each step on a line of its own.
     *
     * @return lines, each with its end
     */
    public String formatted() {
        if (rules.isEmpty()) {
            return OptionText.NONE + "\n";
        }
        StringBuilder text = new StringBuilder();
        boolean isForAll = rules.size() == 1 && rules.get(0).connections() instanceof Connections.Others;
        for (Rule rule : rules) {
            text.append(text.isEmpty() ? "" : ";\n\n").append(isForAll ? "" : rule.connections() + ":\n");
            for (int i = 0; i < rule.steps().size(); i++) {
                StepLines.write(rule.steps().get(i), isForAll ? 0 : 1, text.append(i == 0 ? "" : "\n"));
            }
        }
        return text.append('\n').toString();
    }

    /** Returns whether a step of it starts TLS, so that connections begin in clear text. */
    boolean startsTls() {
        return rules.stream().anyMatch(rule -> StepChecks.startsTls(rule.steps()));
    }

    /** Returns the steps of one connection, or null if no rule is for it. */
    @Nullable
    List<Step> steps(long number, SocketAddress remote) {
        for (Rule rule : rules) {
            if (rule.connections().include(number, remote)) {
                return rule.steps();
            }
        }
        return null;
    }

    /** Reads scripts from text: rules with a semicolon between each two, and a colon between connections and steps. */
    static final class Parser {
        private static final int MOST_TEXT = 16 << 20;

        private final Tokens tokens;

        /** @param option the name of the option that has the text, for errors */
        Parser(String option, String text) {
            if (text.length() > MOST_TEXT) {
                throw new IllegalArgumentException(option + ": the text must be at most 16 MiB, and has "
                        + text.length() + " characters; send long data with file");
            }
            tokens = Tokens.ofScript(option, text);
        }

        Script script() {
            tokens.skipLines();
            if (tokens.next().equals(OptionText.NONE)) {
                return none();
            }
            List<Rule> rules = new ArrayList<>();
            FaultPlan.TakenConnections taken = new FaultPlan.TakenConnections();
            do {
                tokens.skipLines();
                int start = tokens.position();
                Rule rule = rule();
                String unused = taken.add(rule.connections(), rule);
                if (!unused.isEmpty()) {
                    throw tokens.refused(start, unused);
                }
                rules.add(rule);
            } while (tokens.take(";"));
            return new Script(rules);
        }

        private Script none() {
            tokens.advance();
            tokens.skipLines();
            if (!tokens.next().isEmpty()) {
                throw tokens.expected("the end of the script, because none stands alone", List.of());
            }
            return NONE;
        }

        private Rule rule() {
            Connections connections = FaultParser.connections(tokens);
            if (connections == null) {
                String also = ", connections (" + String.join(", ", FaultParser.CONNECTIONS) + ") or none";
                List<String> likely = new ArrayList<>(FaultParser.CONNECTIONS);
                likely.add(OptionText.NONE);
                return new Rule(Connections.others(), steps(also, likely));
            }
            if (!tokens.take(":")) {
                throw tokens.expected("a colon after the connections", tokens.tried());
            }
            return new Rule(connections, steps("", List.of()));
        }

        private List<Step> steps(String also, List<String> likely) {
            return new StepParser(tokens).rule(also, likely);
        }
    }

    private static String joined(List<?> parts, String between) {
        return parts.stream().map(Object::toString).collect(Collectors.joining(between));
    }
}
