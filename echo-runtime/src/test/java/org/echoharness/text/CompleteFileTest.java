package org.echoharness.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompleteFileTest {

    @TempDir
    Path folder;

    @Test
    void appearsWhenCompletelyWritten() throws Exception {
        Path file = folder.resolve("file");
        CompleteFile.write(file, out -> {
            out.write("all of it".getBytes(StandardCharsets.UTF_8));
            out.flush();
            assertThat(file).doesNotExist();
        });
        assertThat(file).hasContent("all of it");
        assertThat(folder.toFile().list()).containsExactly("file");
    }

    @Test
    void isAbsentIfWriteFails() {
        for (Throwable failure : new Throwable[] {new IOException("full"), new OutOfMemoryError("full")}) {
            assertThatThrownBy(() -> CompleteFile.write(folder.resolve("file"), out -> {
                        out.write(new byte[100_000]);
                        if (failure instanceof IOException io) {
                            throw io;
                        }
                        throw (Error) failure;
                    }))
                    .isSameAs(failure);
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void keepsExistingFile() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        assertThatThrownBy(() -> CompleteFile.write(file, out -> out.write(1)))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(file).hasContent("mine");
    }

    @Test
    void namesFileAndReason() throws Exception {
        Path file = folder.resolve("none/file");
        assertThatThrownBy(() -> CompleteFile.write(file, out -> out.write(1)))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessage(file + ": No such file or directory");
        Files.createFile(folder.resolve("none"));
        assertThatThrownBy(() -> CompleteFile.write(file, out -> out.write(1))).hasMessage(file + ": Not a directory");
        Path taken = Files.createFile(folder.resolve("taken"));
        assertThatThrownBy(() -> CompleteFile.write(taken, out -> out.write(1)))
                .hasMessage(taken + ": File exists; delete it, or name a new file");
    }

    @Test
    void keepsFileCreatedMeanwhile() throws Exception {
        Path file = folder.resolve("file");
        assertThatThrownBy(() -> CompleteFile.write(file, out -> Files.writeString(file, "of another")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(file).hasContent("of another");
        assertThat(folder.toFile().list()).containsExactly("file");
    }

    @Test
    void replacesFileWhenCompletelyWritten() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "old");
        CompleteFile.replace(file, out -> {
            out.write("new".getBytes(StandardCharsets.UTF_8));
            out.flush();
            assertThat(file).hasContent("old");
        });
        assertThat(file).hasContent("new");
        assertThatThrownBy(() -> CompleteFile.replace(file, out -> {
                    throw new IOException("full");
                }))
                .hasMessage("full");
        assertThat(file).hasContent("new");
        assertThat(folder.toFile().list()).containsExactly("file");
    }

    @Test
    void createsFileToReplace() throws Exception {
        CompleteFile.replace(folder.resolve("file"), out -> out.write('1'));
        assertThat(folder.resolve("file")).hasContent("1");
    }
}
