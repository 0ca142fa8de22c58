package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.maven.plugin.MojoExecutionException;
import org.echoharness.RecordingFiles;
import org.junit.jupiter.api.Test;

class ServerRecordingTest extends BuildFixture {

    @Test
    void stopWritesRecordings() throws Exception {
        record();
        build.stop().execute();

        assertThat(folder().resolve("transcript.txt")).content().contains("is there an echo?");
        assertThat(folder().resolve("conversation.html"))
                .content()
                .contains("<title>server default of org.example:project</title>");
        assertThat(folder().resolve("conversation.pcapng")).isNotEmptyFile();
        assertThat(folder().resolve("conversation.script")).content().contains("connection 1:\n  expect ");
        assertThat(build.log.seen()).last().isEqualTo("INFO server default stopped; its recording is in " + folder());
    }

    @Test
    void endOfBuildWritesRecordings() throws Exception {
        record();
        build.request.getExecutionListener().sessionEnded(null);

        assertThat(folder().resolve("transcript.txt")).content().contains("is there an echo?");
        assertThat(build.log.seen())
                .last()
                .isEqualTo("INFO server default stopped because the build ended; its recording is in " + folder());
    }

    @Test
    void startDeletesRecordingsOfEarlierBuild() throws Exception {
        Files.createDirectories(folder());
        Files.writeString(folder().resolve("transcript.txt"), "earlier");
        Files.writeString(folder().resolve("mine.txt"), "mine");
        record();
        assertThat(folder().resolve("transcript.txt")).doesNotExist();
        assertThat(folder().resolve("mine.txt")).exists();
    }

    @Test
    void replacesLinkAndKeepsTarget() throws Exception {
        Path precious = Files.writeString(directory.resolve("precious"), "precious");
        Files.createDirectories(folder());
        for (String name : RecordingFiles.names()) {
            Files.createSymbolicLink(folder().resolve(name), precious);
        }
        record();
        Files.createSymbolicLink(folder().resolve("transcript.txt"), precious);
        build.stop().execute();

        assertThat(precious).hasContent("precious");
        assertThat(folder().resolve("transcript.txt")).isRegularFile().content().contains("is there an echo?");
    }

    @Test
    void refusesLinkAsFolder() throws Exception {
        Path elsewhere = Files.createDirectories(directory.resolve("elsewhere"));
        Files.createDirectories(folder().getParent());
        Files.createSymbolicLink(folder(), elsewhere);
        assertThatThrownBy(this::record)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution start-it): recordings cannot be written: "
                        + folder() + ": recordings are not written through a link; delete it, or record nothing");
    }

    @Test
    void unwritableRecordingFailsBuildAtEnd() throws Exception {
        record();
        int port = build.port("default");
        Files.createFile(folder());
        build.stop().execute();

        Build.listen(port).close();
        assertThat(build.log.seen())
                .anyMatch(line -> line.startsWith("WARN the recording could not be written: " + folder() + ": "))
                .last()
                .isEqualTo("INFO server default stopped");
        assertThat(build.result.getExceptions())
                .singleElement()
                .isInstanceOf(MojoExecutionException.class)
                .asString()
                .endsWith("server default of org.example:project: the recording could not be written: " + folder()
                        + ": a file is in the way, where a folder is needed; delete it");
    }

    @Test
    void startNamesFileInWay() throws Exception {
        Path file = Files.createFile(directory.resolve("echo"));
        assertThatThrownBy(this::record)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution start-it): recordings cannot be written: "
                        + file
                        + ": a file is in the way, where a folder is needed; delete it, or record nothing");
        Files.delete(file);
        Files.createSymbolicLink(file, directory.resolve("nowhere"));
        assertThatThrownBy(this::record).hasMessageContaining(file + ": a link that leads to no folder is in the way");
        Files.delete(file);
        Files.createDirectories(folder().resolve("transcript.txt/full"));
        assertThatThrownBy(this::record)
                .hasMessageContaining(folder().resolve("transcript.txt") + ": a folder is in the way");
        assertThat(build.project.getProperties()).isEmpty();
        assertThat(build.file()).doesNotExist();
    }

    @Test
    void startDeletesTrialFile() throws Exception {
        StartMojo start = build.start();
        start.record = "true";
        start.execute();
        assertThat(folder()).doesNotExist();
        build.stop().execute();
        Files.writeString(folder().resolve("mine.txt"), "mine");
        start.execute();
        assertThat(folder()).isDirectoryContaining(file -> file.endsWith("mine.txt"));
        assertThat(folder().toFile().list()).containsExactly("mine.txt");
    }

    @Test
    void limitsKeptBytes() throws Exception {
        StartMojo start = build.start();
        start.recording = "4";
        start.execute();
        Build.echoes(build.port("default"));
        build.stop().execute();
        assertThat(folder().resolve("transcript.txt")).content().doesNotContain("echo?");
    }

    @Test
    void recordingOfServerOverridesGoal() {
        Server server = new Server();
        Map<String, String> goals = Map.of("recording", "16KiB");
        assertThat(server.options(goals)).isEqualTo(goals);
        server.record = "true";
        assertThat(server.options(goals)).isEqualTo(goals);
        assertThat(server.options(Map.of())).containsEntry("recording", "on");
        server.recording = "4KiB";
        assertThat(server.options(goals)).containsEntry("recording", "4KiB");
        server.record = "false";
        assertThat(server.options(goals)).containsEntry("recording", "none");
    }

    @Test
    void recordFalseTurnsRecordingOff() throws Exception {
        StartMojo start = build.start();
        start.record = "false";
        Build.configure(start.execution, "record", "false");
        start.execute();
        assertThatThrownBy(() ->
                        ProjectServers.in(build.context).runningBy("default").recording())
                .isInstanceOf(IllegalStateException.class);
    }

    private void record() throws Exception {
        StartMojo start = build.start();
        start.record = "true";
        start.execute();
        assertThat(Build.echoes(build.port("default"))).isTrue();
    }

    private Path folder() {
        return directory.resolve("echo").resolve("default");
    }
}
