package org.echoharness;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A grammar of a page, in EBNF: whether it has a text, and random texts of it. */
final class PageGrammar {

    private static final Pattern RULE = Pattern.compile("(?m)(?:^|(?<= {2}))(\\w+) *= ");
    private static final Pattern SYMBOL =
            Pattern.compile("\"[^\"]*\"|\\w+-\\[\\w+]|line end|[\\[\\]{}()|]|[^\\s\\[\\]{}()|]+");
    private static final String SIZE = "\\d+(KiB|MiB|GiB)?";
    private static final String QUOTED = "\"(\\\\.|[^\"\\\\])*\"|'(\\\\.|[^'\\\\])*'";

    /** The words of the page that stand for a kind of text: its pattern, and an example. */
    private static final Map<String, List<String>> CLASSES = Map.ofEntries(
            Map.entry("N", List.of("\\d+", "2")),
            Map.entry("N-[M]", List.of("\\d+-\\d*", "2-3")),
            Map.entry("Nth", List.of("\\d+(st|nd|rd|th)", "3rd")),
            Map.entry("P%", List.of("[\\d.]+(E-?\\d+)?%", "50%")),
            Map.entry("S", List.of("-?\\d+", "42")),
            Map.entry("SIZE", List.of(SIZE, "4")),
            Map.entry("SIZE/s", List.of(SIZE + "/s", "64KiB/s")),
            Map.entry("TIME", List.of("\\d+(ms|s|m|h)", "50ms")),
            Map.entry("\"…\"", List.of(QUOTED, "\"x\"")),
            Map.entry("STRING", List.of(QUOTED, "\"00\"")),
            Map.entry("PATTERN", List.of(QUOTED, "\"x*\"")),
            Map.entry("line end", List.of("\\n", "\n")));

    /** A part of a rule. */
    private interface Node {
        /** Returns where the text can go on after this part, if it is at this position. */
        Set<Integer> ends(String text, int from);

        void write(Random random, int depth, StringBuilder out);
    }

    private final Map<String, Node> rules = new LinkedHashMap<>();
    private final Map<List<Object>, Set<Integer>> known = new HashMap<>();
    private List<String> symbols = List.of();
    private int at;

    PageGrammar(String block) {
        List<MatchResult> starts = RULE.matcher(block).results().toList();
        for (int i = 0; i < starts.size(); i++) {
            int end = i + 1 < starts.size() ? starts.get(i + 1).start() : block.length();
            symbols = SYMBOL.matcher(block.substring(starts.get(i).end(), end))
                    .results()
                    .map(MatchResult::group)
                    .toList();
            at = 0;
            rules.put(starts.get(i).group(1), choice());
            if (at < symbols.size()) {
                throw new IllegalArgumentException(
                        "the rule " + starts.get(i).group(1) + " ends at " + symbols.get(at));
            }
        }
    }

    Set<String> names() {
        return rules.keySet();
    }

    /** Returns whether the whole text is what this rule says. */
    boolean has(String rule, String text) {
        known.clear();
        return rules.get(rule).ends(text, 0).stream()
                .anyMatch(end -> text.substring(end).isBlank());
    }

    /** Returns a text of the rule. */
    String random(String rule, Random random) {
        StringBuilder out = new StringBuilder();
        rules.get(rule).write(random, 0, out);
        return out.toString();
    }

    private Node choice() {
        List<Node> choices = new ArrayList<>(List.of(sequence()));
        while (at < symbols.size() && symbols.get(at).equals("|")) {
            at++;
            choices.add(sequence());
        }
        return new Node() {
            @Override
            public Set<Integer> ends(String text, int from) {
                Set<Integer> ends = new TreeSet<>();
                choices.forEach(each -> ends.addAll(each.ends(text, from)));
                return ends;
            }

            @Override
            public void write(Random random, int depth, StringBuilder out) {
                int which = depth > 12 ? 0 : random.nextInt(choices.size());
                choices.get(which).write(random, depth + 1, out);
            }
        };
    }

    private Node sequence() {
        List<Node> parts = new ArrayList<>();
        while (at < symbols.size() && !List.of("|", "]", "}", ")").contains(symbols.get(at))) {
            parts.add(part(symbols.get(at++)));
        }
        return new Node() {
            @Override
            public Set<Integer> ends(String text, int from) {
                Set<Integer> ends = Set.of(from);
                for (Node part : parts) {
                    Set<Integer> next = new TreeSet<>();
                    ends.forEach(end -> next.addAll(part.ends(text, end)));
                    ends = next;
                }
                return ends;
            }

            @Override
            public void write(Random random, int depth, StringBuilder out) {
                parts.forEach(part -> part.write(random, depth + 1, out));
            }
        };
    }

    private Node part(String symbol) {
        return switch (symbol) {
            case "(" -> group(")", 1, 1);
            case "[" -> group("]", 0, 1);
            case "{" -> group("}", 0, Integer.MAX_VALUE);
            default -> {
                List<String> kind = CLASSES.get(symbol);
                if (kind != null) {
                    yield token(kind.get(0), kind.get(1));
                } else if (symbol.startsWith("\"")) {
                    String word = symbol.substring(1, symbol.length() - 1);
                    yield token(Pattern.quote(word).replace(" ", "\\E +\\Q"), word);
                }
                yield reference(symbol);
            }
        };
    }

    private Node group(String close, int least, int most) {
        Node inner = choice();
        if (!symbols.get(at++).equals(close)) {
            throw new IllegalArgumentException("expected " + close + " before " + symbols.get(at - 1));
        }
        return new Node() {
            @Override
            public Set<Integer> ends(String text, int from) {
                Set<Integer> all = new TreeSet<>();
                Set<Integer> last = Set.of(from);
                for (int times = 0; !last.isEmpty() && times <= most; times++) {
                    if (times >= least) {
                        all.addAll(last);
                    }
                    Set<Integer> next = new TreeSet<>();
                    last.forEach(end -> next.addAll(inner.ends(text, end)));
                    next.removeAll(all);
                    last = next;
                }
                return all;
            }

            @Override
            public void write(Random random, int depth, StringBuilder out) {
                int times = Math.max(least, depth > 12 ? 0 : random.nextInt(Math.min(most, 3) + 1));
                for (int i = 0; i < times; i++) {
                    inner.write(random, depth + 1, out);
                }
            }
        };
    }

    private Node reference(String name) {
        return new Node() {
            @Override
            public Set<Integer> ends(String text, int from) {
                List<Object> key = List.of(name, from);
                if (!known.containsKey(key)) {
                    known.put(key, Set.of());
                    known.put(key, rule().ends(text, from));
                }
                return known.get(key);
            }

            @Override
            public void write(Random random, int depth, StringBuilder out) {
                rule().write(random, depth + 1, out);
            }

            private Node rule() {
                Node rule = rules.get(name);
                if (rule == null) {
                    throw new IllegalArgumentException("the page has no rule " + name);
                }
                return rule;
            }
        };
    }

    private static Node token(String pattern, String example) {
        Pattern token = Pattern.compile(" *(?:" + pattern + ")");
        return new Node() {
            @Override
            public Set<Integer> ends(String text, int from) {
                Matcher matcher = token.matcher(text).region(from, text.length());
                return matcher.lookingAt() ? Set.of(matcher.end()) : Set.of();
            }

            @Override
            public void write(Random random, int depth, StringBuilder out) {
                boolean isAttached = out.isEmpty() || example.matches("[:,;]");
                out.append(isAttached ? "" : " ").append(example);
            }
        };
    }
}
