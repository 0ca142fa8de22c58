package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.apache.maven.plugin.MojoExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileErrorsTest {

    @TempDir
    private Path directory;

    @Test
    void namesReasonAndCure() {
        assertThat(FileErrors.text(new AccessDeniedException("target/echo")))
                .isEqualTo("target/echo: Permission denied; let this user write there");
        assertThat(FileErrors.text(new NoSuchFileException("target/echo")))
                .isEqualTo("target/echo: No such file or directory");
        assertThat(FileErrors.text(new FileSystemException("a", "b", "Read-only file system")))
                .isEqualTo("a -> b: Read-only file system");
        assertThat(FileErrors.text(new FileSystemException("a"))).isEqualTo("a: the file system refuses it");
        assertThat(FileErrors.text(new IOException("as it is"))).isEqualTo("as it is");
        assertThat(FileErrors.text(new IOException())).isEqualTo("the system gives no reason");
    }

    @Test
    void startNamesFileInWay() throws Exception {
        Path inTheWay = Files.createFile(directory.resolve("echo"));
        Build build = new Build(directory);
        assertThatThrownBy(build.start()::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution start-it): the list of servers cannot be written: "
                        + inTheWay + ": a file is in the way, where a folder is needed; delete it");
    }

    @Test
    void startNamesFolderInWay() throws Exception {
        Path inTheWay = Files.createDirectories(directory.resolve("echo/servers.properties/folder"))
                .getParent();
        Build build = new Build(directory);
        assertThatThrownBy(build.start()::execute)
                .hasMessageContaining("the list of servers cannot be written: ")
                .hasMessageContaining(inTheWay + ": ")
                .hasMessageNotContaining("Exception");
    }

    @Test
    void prepareReportsUnwritableRecording() throws Exception {
        Path inTheWay = Files.createFile(
                Files.createDirectory(directory.resolve("echo")).resolve("default"));
        assertThatThrownBy(() -> new ServerRecording(directory, "default").prepare())
                .hasMessage("recordings cannot be written: " + inTheWay
                        + ": a file is in the way, where a folder is needed; delete it, or record nothing");
    }

    @Test
    void stopReportsUnwritableRecording() throws Exception {
        Build build = new Build(directory);
        StartMojo start = build.start();
        start.record = "true";
        start.execute();
        Files.createFile(directory.resolve("echo/default"));
        build.stop().execute();
        assertThat(build.log.seen())
                .anySatisfy(line -> assertThat(line)
                        .startsWith("WARN the recording could not be written: " + directory.resolve("echo/default")
                                + ": a file is in the way"));
    }
}
