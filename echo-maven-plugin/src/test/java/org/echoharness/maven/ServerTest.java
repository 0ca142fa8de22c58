package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;

/** Each option of the runtime is an element of a {@code <server>} and a parameter of the goals. */
class ServerTest {

    @Test
    void hasElementForEachOption() {
        List<String> elements = new ArrayList<>(EchoServer.Builder.words());
        elements.addAll(List.of("id", "record"));
        assertThat(Stream.of(Server.class.getDeclaredFields())
                        .filter(field -> !field.isSynthetic())
                        .map(Field::getName))
                .containsExactlyInAnyOrderElementsOf(elements);
    }

    @Test
    void optionsContainEachElement() throws ReflectiveOperationException {
        Server server = new Server();
        for (String word : EchoServer.Builder.words()) {
            set(Server.class.getDeclaredField(word), server);
        }
        assertThat(server.options(Map.of())).isEqualTo(texts());
    }

    @Test
    void optionsContainEachParameter() throws ReflectiveOperationException {
        StartMojo start = new Build(Path.of("")).start();
        for (String word : EchoServer.Builder.words()) {
            if (!word.equals("addresses") && !word.equals("control")) { // of each goal its own
                set(ServerMojo.class.getDeclaredField(word), start);
            }
        }
        assertThat(start.server("id", List.of("text of addresses"), "text of control")
                        .options(Map.of()))
                .isEqualTo(texts());
    }

    private static void set(Field field, Object on) throws ReflectiveOperationException {
        String text = "text of " + field.getName();
        field.set(on, field.getType() == List.class ? List.of(text) : text);
    }

    private static Map<String, String> texts() {
        Map<String, String> texts = new TreeMap<>();
        EchoServer.Builder.words().forEach(word -> texts.put(word, "text of " + word));
        return texts;
    }
}
