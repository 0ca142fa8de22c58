package org.echoharness.benchmarks;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Rows of figures: ours, the goal, and each peer's with the ratio of ours to it in brackets. */
final class Table {

    private final String ours;
    private final List<String> peers;
    private final List<List<String>> rows = new ArrayList<>();

    Table(String ours, List<String> peers) {
        this.ours = ours;
        this.peers = peers;
        List<String> head = new ArrayList<>(List.of("work", ours, "to reach"));
        peers.forEach(peer -> head.add(peer + " (" + ours + " / it)"));
        rows.add(head);
        rows.add(head.stream().map(cell -> "---").toList());
    }

    /** Adds a row. A server without a figure did not take part. */
    void add(String work, Map<String, Double> figures, String format, String toReach) {
        Double own = figures.get(ours);
        List<String> row = new ArrayList<>(List.of(work, own == null ? "" : String.format(format, own), toReach));
        for (String peer : peers) {
            Double figure = figures.get(peer);
            String ratio = own == null || figure == null ? "" : String.format(" (%.2f)", own / figure);
            row.add(figure == null ? "" : String.format(format, figure) + ratio);
        }
        rows.add(row);
        print(System.out, row);
    }

    /** As Markdown. Prints nothing if there is no figure. */
    void print(PrintStream to) {
        if (rows.size() == 2) {
            return;
        }
        to.println();
        rows.forEach(row -> print(to, row));
    }

    private static void print(PrintStream to, List<String> row) {
        to.println("| " + String.join(" | ", row) + " |");
    }
}
