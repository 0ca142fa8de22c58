package org.echoharness.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.echoharness.text.Escaping;
import org.echoharness.text.NearestWord;

/** The parsed arguments of one command: {@code --option value}, {@code --option=value}, {@code --flag} and the rest. */
final class CommandArguments {

    /** Thrown if an argument cannot be used. Its message is the one line to print. */
    static final class UsageException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    private final Map<String, String> values = new LinkedHashMap<>();
    private final List<String> rest = new ArrayList<>();

    /** Parses the arguments. {@code options} and {@code others} take a value, {@code flags} do not. */
    CommandArguments(String command, List<String> args, List<String> options, List<String> others, List<String> flags) {
        List<String> valued = new ArrayList<>(options);
        valued.addAll(others);
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            int equals = arg.indexOf('=');
            String name = equals < 0 ? arg : arg.substring(0, equals);
            if (!arg.startsWith("-")) {
                rest.add(arg);
            } else if (!valued.contains(name) && !flags.contains(name)) {
                throw new UsageException(
                        Escaping.escape(name) + ": there is no such option here; " + near(name, valued, flags));
            } else if (values.containsKey(name)) {
                throw new UsageException(name + ": is given twice; leave one out");
            } else if (flags.contains(name) && equals >= 0) {
                throw new UsageException(arg + ": " + name + " takes no value; leave out what follows it");
            } else if (flags.contains(name)) {
                values.put(name, "");
            } else if (equals < 0 && i + 1 == args.size()) {
                throw new UsageException(name + ": a value must follow; try --help");
            } else {
                values.put(name, equals < 0 ? args.get(++i) : arg.substring(equals + 1));
            }
        }
    }

    private static String near(String name, List<String> valued, List<String> flags) {
        List<String> known = new ArrayList<>(valued);
        known.addAll(flags);
        String near = NearestWord.of(name, known);
        return near.isEmpty() ? "try --help" : "did you mean " + near + "?";
    }

    /**
     * Refuses characters in place of bytes that the JVM could not decode, because the original bytes are lost.
     *
     * @param otherWay returns another way to give the option's value, such as {@code take --message-file}, or empty text
     */
    static void checkDecoded(List<String> args, UnaryOperator<String> otherWay) {
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            if (Escaping.undecoded(arg) >= 0) {
                String option = i > 0 && args.get(i - 1).startsWith("-") ? args.get(i - 1) + " " : "";
                String other = otherWay.apply((option + arg).replaceFirst("[ =].*", ""));
                throw new UsageException(option + Escaping.escape(arg) + ": must be text without U+FFFD; "
                        + Escaping.DECODING + (other.isEmpty() ? "" : ", or " + other));
            }
        }
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String get(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    /** Returns the arguments that are neither options nor flags. */
    List<String> rest() {
        return rest;
    }

    /** Runs a reader of an option's value. If the reader refuses the value, the error names the option. */
    static void reading(String name, String value, Runnable reader) {
        try {
            reader.run();
        } catch (IllegalArgumentException refused) {
            throw new UsageException(name + " " + Escaping.escape(value) + ": " + refused.getMessage());
        }
    }

    /** Passes the word and the value of each given option to the setter of a builder. */
    void hand(List<String> options, BiConsumer<String, String> setter) {
        for (String option : options) {
            String value = values.get(option);
            if (value != null) {
                reading(option, value, () -> setter.accept(word(option), value));
            }
        }
    }

    /** Returns the options for a builder's words, except those that the command line gives in another way. */
    static List<String> options(List<String> words, String... others) {
        List<String> options = new ArrayList<>();
        for (String word : words) {
            if (!List.of(others).contains(word)) {
                options.add("--" + word.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT));
            }
        }
        return options;
    }

    /** Returns a builder's word for an option: {@code bufferSize} for {@code --buffer-size}. */
    private static String word(String option) {
        StringBuilder word = new StringBuilder();
        for (int i = 2; i < option.length(); i++) {
            char c = option.charAt(i);
            word.append(c == '-' ? Character.toUpperCase(option.charAt(++i)) : c);
        }
        return word.toString();
    }
}
