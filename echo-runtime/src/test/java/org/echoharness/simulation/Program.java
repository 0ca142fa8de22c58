package org.echoharness.simulation;

import java.util.ArrayList;
import java.util.List;

/**
 * What happens in a simulation, line by line: the options of the server, and then what the server and its clients do. Its text
 * is what a failure prints and what {@link #parse} reads.
 *
 * <pre>
 * option kind echo
 * option faults connection 1: reset after 4
 * client 1 connect
 * client 1 write 12
 * server settle
 * </pre>
 */
record Program(List<Line> lines) {

    static final String OPTION = "option";
    static final String SERVER = "server";
    static final String CLIENT = "client";

    /**
     * One line.
     *
     * @param actor {@link #OPTION}, {@link #SERVER} or {@link #CLIENT}
     * @param client its number, from 1 in the order of the connects; 0 if the actor is no client
     * @param verb what it does, or the word of an option
     * @param value how much, or how; empty if the verb says all
     */
    record Line(String actor, int client, String verb, String value) {

        static Line parse(String text) {
            boolean isClient = text.startsWith(CLIENT + " ");
            String[] words = text.split(" ", isClient ? 4 : 3);
            int verb = isClient ? 2 : 1;
            return new Line(
                    words[0],
                    isClient ? Integer.parseInt(words[1]) : 0,
                    words[verb],
                    words.length > verb + 1 ? words[verb + 1] : "");
        }

        int number() {
            return Integer.parseInt(value);
        }

        @Override
        public String toString() {
            return actor + (client == 0 ? "" : " " + client) + " " + verb + (value.isEmpty() ? "" : " " + value);
        }
    }

    static Program parse(String text) {
        return new Program(
                text.lines().filter(line -> !line.isBlank()).map(Line::parse).toList());
    }

    /** The value of an option. */
    String option(String word, String otherwise) {
        return lines.stream()
                .filter(line -> line.actor().equals(OPTION) && line.verb().equals(word))
                .map(Line::value)
                .findFirst()
                .orElse(otherwise);
    }

    /** The same without these lines. */
    Program without(int from, int count) {
        List<Line> left = new ArrayList<>(lines);
        left.subList(from, Math.min(lines.size(), from + count)).clear();
        return new Program(List.copyOf(left));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }
}
