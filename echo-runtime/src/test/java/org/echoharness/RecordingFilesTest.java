package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RecordingFilesTest {

    @TempDir
    Path folder;

    private static Recording ofEcho(int bytes, int connections) throws Exception {
        try (EchoServer server = EchoServer.builder().recording().start()) {
            for (int i = 0; i < connections; i++) {
                try (EchoClient client = EchoClient.connect(server.address())) {
                    client.expectEcho("x".repeat(bytes).getBytes(StandardCharsets.US_ASCII));
                    client.expectEnd();
                }
            }
            return server.recording();
        }
    }

    @Test
    void writesFilesToNewFolder() throws Exception {
        RecordingFiles files = ofEcho(5, 2).writeFiles(folder.resolve("to/be made"));
        assertThat(files.transcript()).content().contains("received 5 bytes \"xxxxx\"");
        assertThat(files.page()).content().endsWith("</html>\n");
        assertThat(files.packets()).isNotEmptyFile();
        assertThat(files.script()).content().contains("connection 2:\n  expect \"xxxxx\"\n  send \"xxxxx\"\n");
        assertThat(folder.resolve("to/be made").toFile().list())
                .containsExactlyInAnyOrderElementsOf(RecordingFiles.names());
        assertThat(files.leftOutOfTranscript() + files.leftOutOfPage()).isZero();
        assertThat(files.leftOutOfPackets() + files.leftOutOfScript()).isZero();
    }

    @Test
    void countsConnectionsOmittedInEachFile() throws Exception {
        RecordingFiles files = ofEcho(5, 3).writeFiles(folder, 2);
        assertThat(files.leftOutOfTranscript()).isEqualTo(3);
        assertThat(files.leftOutOfPage()).isEqualTo(3);
        assertThat(files.leftOutOfPackets()).isEqualTo(3);
        assertThat(files.leftOutOfScript()).isEqualTo(3);
        assertThat(files.transcript()).content().contains("(3 connections left out: the file is limited to 2 bytes)");
    }

    @Test
    void replacesFilesOfEarlierRun() throws Exception {
        Path notes = Files.createFile(folder.resolve("notes.txt"));
        ofEcho(5, 1).writeFiles(folder);
        RecordingFiles files = ofEcho(7, 1).writeFiles(folder);
        assertThat(files.transcript()).content().contains("received 7 bytes").doesNotContain("5 bytes");
        assertThat(files.page()).content().contains("xxxxxxx");
        assertThat(files.script()).content().contains("expect \"xxxxxxx\"\n");
        assertThat(ofEcho(3, 1).writeFiles(folder, 10_000).transcript())
                .content()
                .contains("received 3 bytes");
        assertThat(notes).isEmptyFile();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void replacesLinkButNotWhatItLeadsTo() throws Exception {
        Path kept = Files.writeString(folder.resolve("kept"), "kept");
        Path target = Files.createDirectory(folder.resolve("target"));
        Files.createSymbolicLink(target.resolve("transcript.txt"), kept);
        assertThat(ofEcho(5, 1).writeFiles(target).transcript()).content().contains("received 5 bytes");
        assertThat(kept).hasContent("kept");
    }

    @Test
    void singleFileIsNotReplaced() throws Exception {
        Path file = Files.createFile(folder.resolve("notes.txt"));
        Recording recording = ofEcho(5, 1);
        assertThatThrownBy(() -> recording.writeTranscript(file))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessage(file + ": File exists; delete it, or name a new file");
        assertThat(file).isEmptyFile();
    }

    @Test
    void writesOtherFilesIfOneCannotBeWritten() throws Exception {
        Recording recording = ofEcho(5, 1);
        Path page = Files.createDirectory(folder.resolve("conversation.html"));
        assertThatThrownBy(() -> recording.writeFiles(folder))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessage(page + ": a folder is in the way")
                .hasNoSuppressedExceptions();
        assertThat(page).isEmptyDirectory();
        assertThat(folder.resolve("transcript.txt")).isNotEmptyFile();
        assertThat(folder.resolve("conversation.pcapng")).isNotEmptyFile();
        assertThat(folder.resolve("conversation.script")).isNotEmptyFile();
    }

    @Test
    void suppressesFurtherFailures() throws Exception {
        Recording recording = ofEcho(5, 1);
        for (String name : RecordingFiles.names()) {
            Files.createDirectory(folder.resolve(name));
        }
        assertThatThrownBy(() -> recording.writeFiles(folder))
                .hasMessageContaining("transcript.txt")
                .satisfies(first -> assertThat(first.getSuppressed())
                        .hasSize(3)
                        .allMatch(other -> other instanceof FileAlreadyExistsException));
    }

    @Test
    void checkLeavesNoFile() throws Exception {
        RecordingFiles.checkWritable(folder.resolve("to/be made"));
        assertThat(folder).isEmptyDirectory();
        Path kept = Files.createFile(folder.resolve("kept"));
        RecordingFiles.checkWritable(folder);
        assertThat(folder).isDirectoryContaining(kept::equals).isDirectoryNotContaining("glob:**.part");
        assertThatThrownBy(() -> RecordingFiles.checkWritable(kept)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> RecordingFiles.checkWritable(kept.resolve("in a file")))
                .isInstanceOf(FileSystemException.class);
    }

    @Test
    void deletesOnlyRecording() throws Exception {
        RecordingFiles.delete(folder.resolve("missing"));
        ofEcho(5, 1).writeFiles(folder);
        Files.createFile(folder.resolve("notes.txt"));
        RecordingFiles.delete(folder);
        assertThat(folder.toFile().list()).containsExactly("notes.txt");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void deletesNothingThroughLink() throws Exception {
        Path there = Files.createDirectory(folder.resolve("there"));
        Path transcript = Files.createFile(there.resolve("transcript.txt"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), there);
        assertThatThrownBy(() -> RecordingFiles.delete(link))
                .hasMessage(link + ": recordings are not written through a link; delete it");
        assertThat(transcript).exists();
    }
}
