package org.echoharness;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The arguments of one command, taken apart: {@code --option value}, {@code --option=value}, {@code --flag}, the rest. */
final class Arguments {

    /** What a person typed cannot be used; the message is the one line to print. */
    static final class UsageException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UsageException(String message) {
            super(message);
        }
    }

    private final Map<String, String> values = new LinkedHashMap<>();
    private final List<String> rest = new ArrayList<>();

    /** Takes the arguments from the given one on, where these options take a value and these flags take none. */
    Arguments(List<String> args, List<String> options, List<String> flags) {
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            if (!arg.startsWith("--")) {
                if (arg.startsWith("-")) {
                    throw new UsageException(arg + ": there is no such option; try --help");
                }
                rest.add(arg);
                continue;
            }
            int equals = arg.indexOf('=');
            String name = equals < 0 ? arg : arg.substring(0, equals);
            if (flags.contains(name)) {
                if (equals >= 0) {
                    throw new UsageException(arg + ": " + name + " takes no value; leave out what follows it");
                }
                values.put(name, "");
            } else if (!options.contains(name)) {
                throw new UsageException(name + ": there is no such option; try --help");
            } else if (equals < 0 && i + 1 == args.size()) {
                throw new UsageException(name + ": a value must follow; try --help");
            } else if (values.containsKey(name)) {
                throw new UsageException(name + ": is given twice; leave one out");
            } else {
                values.put(name, equals < 0 ? args.get(++i) : arg.substring(equals + 1));
            }
        }
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String get(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    /** What is neither an option nor a flag. */
    List<String> rest() {
        return rest;
    }

    /** Runs what reads the value of an option, and names the option in the error. */
    static void reading(String name, String value, Runnable reader) {
        try {
            reader.run();
        } catch (IllegalArgumentException refused) {
            throw new UsageException(name + " " + Text.escape(value) + ": " + refused.getMessage());
        }
    }

    /** {@code --buffer-size} is the option for {@code bufferSize}. */
    static String word(String option) {
        StringBuilder word = new StringBuilder();
        for (int i = 2; i < option.length(); i++) {
            char c = option.charAt(i);
            word.append(c == '-' ? Character.toUpperCase(option.charAt(++i)) : c);
        }
        return word.toString();
    }
}
