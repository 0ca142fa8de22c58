package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two builds in one folder; the other is the process that runs these tests. */
class ServersListFileTest {

    @TempDir
    private Path directory;

    private final List<String> warnings = new ArrayList<>();
    private Path file;
    private ServersListFile list;
    private String another;

    @BeforeEach
    void begin() {
        file = directory.resolve("servers.properties");
        list = new ServersListFile(file, warnings::add);
        ProcessHandle parent = ProcessHandle.current().parent().orElseThrow();
        another = text(parent.pid(), parent.info().startInstant().orElseThrow().toEpochMilli());
    }

    @Test
    void restoresListOfRunningBuild() throws IOException {
        Files.writeString(file, another);
        write("mine");
        assertThat(file).content().contains("mine").doesNotContain("theirs");
        assertThat(warnings)
                .hasSize(1)
                .first()
                .asString()
                .startsWith("another build runs servers in this folder (process ");
        write("mine again");
        assertThat(warnings).hasSize(1);

        list.delete();

        assertThat(file).hasContent(another);
        assertThat(files()).containsExactly(file);
    }

    @Test
    void keepsLaterListOfOtherBuild() throws IOException {
        write("mine");
        Files.writeString(file, another);
        list.delete();
        assertThat(file).hasContent(another);
    }

    @Test
    void deletesOwnListSavedByOtherBuild() throws IOException {
        write("mine");
        Files.move(file, ownAside());
        Files.writeString(file, another);
        list.delete();
        assertThat(file).hasContent(another);
        assertThat(files()).containsExactly(file);
    }

    @Test
    void deletesListOfBuildThatEndedLater() throws IOException {
        write("mine");
        Files.move(file, ownAside());
        Files.writeString(file, text(1, 1)); // another process has its number now
        list.delete();
        assertThat(files()).isEmpty();
    }

    @Test
    void doesNotRestoreOwnOlderList() throws IOException {
        write("mine");
        Files.move(file, ownAside());
        Files.writeString(file, another);
        write("mine again");
        list.delete();
        assertThat(file).hasContent(another);
        assertThat(files()).containsExactly(file);
    }

    @Test
    void keepsFileThatIsNoList() throws IOException {
        write("mine");
        Files.writeString(file, "the user's");
        list.delete();
        assertThat(file).hasContent("the user's");
    }

    @Test
    void replacesListOfEndedBuild() throws IOException {
        Files.writeString(file, another.replaceFirst("started=.*", "started=1")); // another process has its number now
        Files.writeString(directory.resolve("servers.properties.1"), text(1, 1));
        write("mine");
        assertThat(warnings).isEmpty();
        list.delete();
        assertThat(files()).isEmpty();
    }

    private void write(String value) throws IOException {
        list.write(new TreeMap<>(Map.of("echo.server.default.address", value)));
    }

    private Path ownAside() {
        return directory.resolve("servers.properties." + ProcessHandle.current().pid());
    }

    private List<Path> files() throws IOException {
        try (var all = Files.list(directory)) {
            return all.toList();
        }
    }

    private static String text(long pid, long started) {
        return "echo.pid=" + pid + "\necho.server.default.address=theirs\necho.started=" + started + "\n";
    }
}
