package org.echoharness.dialogue;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.echoharness.script.Data;
import org.echoharness.script.Expectation;
import org.echoharness.script.FrameLength;
import org.echoharness.script.Step;
import org.echoharness.text.Escaping;
import org.echoharness.text.MisreadException;
import org.echoharness.text.Quantities;
import org.echoharness.text.Template;
import org.echoharness.text.Tokens;
import org.jspecify.annotations.Nullable;

/**
 * Reads steps from text. A comma or a line end stands between two steps, and a step may hold steps in braces. An error
 * names the position, the word there and what was expected.
 */
public final class StepParser {

    /** The words that steps begin with. */
    public static final List<String> WORDS =
            List.of("expect", "send", "answer", "repeat", "wait", "echo", "close", "half-close", "reset", "start tls");

    private static final String START = "start"; // which tls follows

    /** What an error says is expected where a step is. */
    public static final String STEP = "a step (" + String.join(", ", WORDS) + ")";

    private static final String WHAT =
            "what to expect (bytes in quotes, hex, line, frame, through, fin, or a size such as 16)";
    private static final List<String> WHATS = List.of("hex", "line", "frame", "through", "fin");
    private static final String DATA = "what to send (bytes in quotes, hex, file or frame)";
    private static final List<String> DATAS = List.of("hex", "file", "frame");
    private static final List<String> LENGTHS =
            Stream.of(FrameLength.Kind.values()).map(FrameLength.Kind::word).toList();
    private static final String PATTERN = "the pattern in quotes, such as \"EHLO {host}\"";
    private static final String BYTES = "the bytes in quotes, such as \"QUIT\\r\\n\"";
    private static final String DIGITS = "the bytes in quotes, such as \"00 1f\"";

    private static final int MOST_FRAMES = 16; // in one another, as in Data.Frame

    private static final String MISSING = "missing"; // stands where a recording lacks bytes

    private final Tokens tokens;
    private final IdentityHashMap<Object, Integer> places =
            new IdentityHashMap<>(); // where each step, case and text begins
    private int depth;
    private int frames; // that are open

    /**
     * Reads the steps that come next.
     *
     * @param tokens a script
     */
    public StepParser(Tokens tokens) {
        this.tokens = tokens;
    }

    /**
     * Reads the steps of a rule, up to a semicolon or the end, and checks them.
     *
     * @param also what else is allowed in place of the first step, for an error
     * @param likely words that may have been meant in place of the first step
     */
    public List<Step> rule(String also, List<String> likely) {
        List<Step> steps = steps(";", "the end of the script", also, likely);
        StepChecks.Problem problem = StepChecks.problem(steps);
        if (problem != null) {
            throw tokens.refused(places.getOrDefault(problem.at(), 0), problem.why());
        }
        return steps;
    }

    private List<Step> steps(String end, String endText, String also, List<String> likely) {
        List<Step> steps = new ArrayList<>();
        tokens.skipLines();
        do {
            steps.add(steps.isEmpty() ? step(also, likely) : step("", List.of()));
        } while (goesOn(end, endText));
        return steps;
    }

    /** Reads what stands between two steps or cases. Returns false at the end. */
    private boolean goesOn(String end, String endText) {
        boolean isSeparated = tokens.next().equals(Tokens.LINE_END);
        if (isSeparated) {
            tokens.skipLines();
        } else if (tokens.take(",")) {
            isSeparated = true;
            tokens.skipLines();
        }
        boolean isEnd = tokens.next().equals(end) || (tokens.next().isEmpty() && end.equals(";"));
        if (isEnd) {
            return false;
        }
        if (isSeparated && tokens.next().isEmpty()) {
            throw tokens.expected(end, List.of());
        }
        if (!isSeparated) {
            if (end.equals(";")) {
                tokens.take(";"); // not there, but an error names it
            }
            boolean isRule = tokens.next().equals(";");
            throw tokens.expected(
                    tokens.triedOr(endText) + (isRule ? "; a semicolon stands between rules alone" : ""),
                    List.copyOf(tokens.tried()));
        }
        return true;
    }

    private List<Step> block() {
        tokens.advance(); // the brace
        List<Step> steps = steps("}", "}", "", List.of());
        tokens.advance();
        return steps;
    }

    private Step step(String also, List<String> likely) {
        int start = tokens.position();
        String word = tokens.next();
        if (tokens.take(MISSING)) {
            throw tokens.refused(start, Escaping.escape(tokens.text("what is missing, in quotes")));
        }
        if (!isStep(word)) {
            List<String> near = new ArrayList<>(WORDS);
            near.addAll(likely);
            throw tokens.expected(STEP + also, near);
        }
        if (++depth > StepChecks.MOST_DEPTH) {
            throw tokens.refused(start, StepChecks.TOO_DEEP);
        }
        tokens.advance();
        Step step = switch (word) {
            case "expect" -> expect();
            case "send" -> new Step.Send(data());
            case "answer" -> answer();
            case "repeat" -> repeat();
            case "wait" -> checked(start, () -> new Step.Wait(tokens.duration("wait")));
            case "echo" -> new Step.Echo();
            case "close" -> new Step.Close();
            case "half-close" -> new Step.HalfClose();
            case START -> startTls();
            default -> new Step.Reset();
        };
        depth--;
        places.put(step, start);
        return step;
    }

    private Step.Expect expect() {
        Step.Expect expect = Step.expect(expectation());
        if (!tokens.take("within")) {
            return expect;
        }
        int start = tokens.position();
        return checked(start, () -> expect.within(tokens.duration("within")));
    }

    private static boolean isStep(String word) {
        return WORDS.contains(word) || word.equals(START);
    }

    private Step.StartTls startTls() {
        if (!tokens.take("tls")) {
            throw tokens.expected("tls after start", List.of("tls"));
        }
        Step.StartTls start = Step.startTls();
        if (!tokens.take("within")) {
            return start;
        }
        int place = tokens.position();
        return checked(place, () -> start.within(tokens.duration("within")));
    }

    private Step.Repeat repeat() {
        String count = tokens.next();
        int times = 0;
        if (!count.isEmpty() && Character.isDigit(count.charAt(0))) {
            times = tokens.reading("how often, such as 2", given -> {
                int number = Quantities.count("repeat", given, Step.MOST_ROUNDS);
                tokens.advance();
                return number;
            });
        }
        if (!tokens.next().equals("{")) {
            throw tokens.expected("{ before the steps that are repeated", List.of("{"));
        }
        return new Step.Repeat(times, block());
    }

    private Step.Answer answer() {
        if (!tokens.take("{")) {
            throw tokens.expected("{ before the cases", List.of("{"));
        }
        tokens.skipLines();
        List<Step.Case> cases = new ArrayList<>();
        do {
            cases.add(oneCase());
        } while (goesOn("}", "}"));
        tokens.advance();
        return new Step.Answer(cases);
    }

    private Step.Case oneCase() {
        int start = tokens.position();
        Expectation expectation = expectation();
        if (!tokens.take("->")) {
            throw tokens.expected("-> after what a case expects", List.of("->"));
        }
        tokens.skipLines();
        Step.Case read = new Step.Case(expectation, answerOfCase());
        places.put(read, start);
        return read;
    }

    private List<Step> answerOfCase() {
        if (!tokens.next().equals("{")) {
            if (!isStep(tokens.next())) {
                throw tokens.expected("a step, or { before several", WORDS);
            }
            return List.of(step("", List.of()));
        }
        tokens.advance();
        tokens.skipLines();
        if (tokens.take("}")) {
            return List.of();
        }
        List<Step> steps = steps("}", "}", "", List.of());
        tokens.advance();
        return steps;
    }

    private Expectation expectation() {
        if (tokens.take("fin")) {
            return new Expectation.Fin();
        }
        List<Expectation> parts = new ArrayList<>();
        for (Expectation part = part(); part != null; part = part()) {
            parts.add(part);
        }
        if (parts.isEmpty()) {
            throw tokens.expected(WHAT, WHATS);
        }
        return parts.size() == 1 ? parts.get(0) : new Expectation.Sequence(parts);
    }

    private @Nullable Expectation part() {
        int start = tokens.position();
        if (tokens.isQuoted()) {
            return checked(start, () -> new Expectation.Bytes(tokens.quoted()));
        }
        if (tokens.take("hex")) {
            return new Expectation.Bytes(hex());
        }
        if (tokens.take("line")) {
            return pattern(Expectation.Line::new);
        }
        if (tokens.take("frame")) {
            FrameLength length = length();
            return tokens.isQuoted()
                    ? pattern(pattern -> new Expectation.Frame(length, pattern))
                    : Expectation.frame(length);
        }
        if (tokens.take("through")) {
            int place = tokens.position();
            return checked(place, () -> new Expectation.Through(tokens.quoted(BYTES, false)));
        }
        if (startsWithDigit()) {
            return new Expectation.Size(tokens.size("expect"));
        }
        return null;
    }

    private boolean startsWithDigit() {
        return !tokens.next().isEmpty() && Character.isDigit(tokens.next().charAt(0));
    }

    private interface OfPattern {
        Expectation of(String pattern);
    }

    private Expectation pattern(OfPattern made) {
        int start = tokens.position();
        return checked(start, () -> made.of(tokens.quoted(PATTERN, true)));
    }

    private String hex() {
        int start = tokens.position();
        return checked(start, () -> ((Expectation.Bytes) Expectation.hexBytes(tokens.quoted(DIGITS, false))).literal());
    }

    private FrameLength length() {
        int start = tokens.position();
        String word = tokens.next();
        FrameLength.Kind kind = Stream.of(FrameLength.Kind.values())
                .filter(each -> each.word().equals(word))
                .findFirst()
                .orElseThrow(() -> tokens.expected("a length (" + String.join(", ", LENGTHS) + ")", LENGTHS));
        tokens.advance();
        boolean isLittleEndian = tokens.take("le");
        FrameLength length = checked(start, () -> new FrameLength(kind, isLittleEndian, 0));
        if (tokens.take("plus")) {
            return checked(start, () -> length.plus(tokens.intSize("plus")));
        }
        return tokens.take("minus") ? checked(start, () -> length.minus(tokens.intSize("minus"))) : length;
    }

    private List<Data> data() {
        if (tokens.take("{")) {
            return dataInBraces(false);
        }
        List<Data> data = new ArrayList<>();
        for (Data next = oneData(); next != null; next = oneData()) {
            data.add(next);
        }
        if (data.isEmpty()) {
            throw tokens.expected(DATA, DATAS);
        }
        return data;
    }

    private List<Data> dataInBraces(boolean mayBeEmpty) {
        List<Data> data = new ArrayList<>();
        tokens.skipLines();
        while (!(tokens.next().equals("}") && (mayBeEmpty || !data.isEmpty()))) {
            Data next = oneData();
            if (next == null) {
                throw tokens.expected(data.isEmpty() ? DATA : tokens.triedOr("}"), DATAS);
            }
            data.add(next);
            tokens.skipLines();
        }
        tokens.advance();
        return data;
    }

    private @Nullable Data oneData() {
        int start = tokens.position();
        Data data = null;
        if (tokens.isQuoted()) {
            data = checked(start, () -> new Data.Text(tokens.quoted(BYTES, true)));
        } else if (tokens.take("hex")) {
            data = new Data.Text(Template.literally(hex(), false));
        } else if (tokens.take("file")) {
            int place = tokens.position();
            data = checked(place, () -> Data.file(tokens.text("the name in quotes, such as \"answer.bin\"")));
        } else if (tokens.take("frame")) {
            int place = tokens.position();
            FrameLength length = length();
            if (++frames > MOST_FRAMES) {
                throw tokens.refused(start, "frames are nested more than " + MOST_FRAMES + " deep");
            }
            List<Data> body = body();
            frames--;
            data = checked(place, () -> new Data.Frame(length, body));
        }
        if (data != null) {
            places.put(data, start);
        }
        return data;
    }

    private List<Data> body() {
        if (tokens.take("{")) {
            return dataInBraces(true);
        }
        Data one = tokens.next().equals("frame") ? null : oneData();
        if (one == null) {
            throw tokens.expected("the body in quotes, hex, file or {", List.of("le", "plus", "minus", "hex", "file"));
        }
        return List.of(one);
    }

    /** Reads a value. If it is refused, the error has this position. */
    private <T> T checked(int start, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (MisreadException misread) {
            throw misread;
        } catch (IllegalArgumentException refused) {
            throw tokens.refused(start, String.valueOf(refused.getMessage()));
        }
    }
}
