package org.echoharness.text;

import java.util.Locale;

/** Finds the known word that a misspelled word was probably meant to be. */
public final class NearestWord {

    private NearestWord() {}

    /** Returns the nearest word, at most two letters inserted, left out or changed; an empty text if there is none. */
    public static String of(String given, Iterable<String> words) {
        String best = "";
        int least = Math.min(3, given.length()); // every word is near to a single letter
        for (String candidate : words) {
            if (Math.abs(given.length() - candidate.length()) >= least) {
                continue;
            }
            int distance = distance(given.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (distance < Math.min(least, candidate.length())) {
                least = distance;
                best = candidate;
            }
        }
        return best;
    }

    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 1; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
