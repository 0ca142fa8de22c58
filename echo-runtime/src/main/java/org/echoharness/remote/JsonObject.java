package org.echoharness.remote;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.echoharness.json.JsonReader;
import org.jspecify.annotations.Nullable;

/**
 * An object of an answer. An interface of another version may have further members, which are not looked at, and may lack
 * some: each method throws an {@link IllegalArgumentException} that names the member if it has another type, or if it is
 * missing and there is no default.
 */
final class JsonObject {

    private final Map<?, ?> members;
    private final String place; // such as "connections[0]."; empty for the whole answer

    private JsonObject(Map<?, ?> members, String place) {
        this.members = members;
        this.place = place;
    }

    static JsonObject of(@Nullable Object value) {
        return of(value, "the answer", "");
    }

    private static JsonObject of(@Nullable Object value, String name, String place) {
        if (value instanceof Map<?, ?> map) {
            return new JsonObject(map, place);
        }
        throw new IllegalArgumentException(name + " is not an object");
    }

    private IllegalArgumentException other(String name, String expected) {
        String member = "\"" + place + name + "\"";
        return new IllegalArgumentException(
                members.containsKey(name) ? member + " is not " + expected : member + " is missing");
    }

    String text(String name) {
        if (members.get(name) instanceof String text) {
            return text;
        }
        throw other(name, "a text");
    }

    String text(String name, String otherwise) {
        return members.containsKey(name) ? text(name) : otherwise;
    }

    @Nullable
    String textOrNull(String name) {
        return members.get(name) == null ? null : text(name);
    }

    long number(String name) {
        if (members.get(name) instanceof Long number) {
            return number;
        }
        throw other(name, "a whole number");
    }

    long number(String name, long otherwise) {
        return members.containsKey(name) ? number(name) : otherwise;
    }

    boolean flag(String name) {
        if (members.get(name) instanceof Boolean flag) {
            return flag;
        }
        throw other(name, "true or false");
    }

    boolean flag(String name, boolean otherwise) {
        return members.containsKey(name) ? flag(name) : otherwise;
    }

    byte[] bytes(String name) {
        try {
            return JsonReader.bytes(members.get(name));
        } catch (IllegalArgumentException malformed) {
            throw other(name, "bytes, which are an object with \"text\" or \"base64\"");
        }
    }

    JsonObject object(String name) {
        if (members.get(name) instanceof Map<?, ?> map) {
            return new JsonObject(map, place + name + ".");
        }
        throw other(name, "an object");
    }

    @Nullable
    JsonObject objectOrNull(String name) {
        return members.get(name) == null ? null : object(name);
    }

    List<JsonObject> objects(String name) {
        List<JsonObject> objects = new ArrayList<>();
        for (Object each : list(name)) {
            String element = place + name + "[" + objects.size() + "]";
            objects.add(of(each, "\"" + element + "\"", element + "."));
        }
        return objects;
    }

    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        for (Object each : list(name)) {
            if (!(each instanceof String text)) {
                throw other(name, "a list of texts");
            }
            texts.add(text);
        }
        return texts;
    }

    /** Returns the whole numbers of a list; none if it is missing. */
    Set<Long> numbers(String name) {
        Set<Long> numbers = new HashSet<>();
        for (Object each : members.containsKey(name) ? list(name) : List.of()) {
            if (!(each instanceof Long number)) {
                throw other(name, "a list of whole numbers");
            }
            numbers.add(number);
        }
        return numbers;
    }

    private List<?> list(String name) {
        if (members.get(name) instanceof List<?> list) {
            return list;
        }
        throw other(name, "a list");
    }

    /** Returns the members that are texts. */
    Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        members.forEach((name, value) -> {
            if (value instanceof String text) {
                texts.put(String.valueOf(name), text);
            }
        });
        return texts;
    }

    /** Returns the members that are whole numbers. */
    Map<String, Long> numbers() {
        Map<String, Long> numbers = new LinkedHashMap<>();
        members.forEach((name, value) -> {
            if (value instanceof Long number) {
                numbers.put(String.valueOf(name), number);
            }
        });
        return numbers;
    }
}
