package org.echoharness.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.UnmappableCharacterException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FileErrorTextTest {

    private static final String PATH = "some/path";

    static Stream<Arguments> errors() {
        return Stream.of(
                at(new NoSuchFileException(PATH), "No such file or directory"),
                at(new AccessDeniedException(PATH), "Permission denied"),
                at(new FileAlreadyExistsException(PATH), "File exists"),
                at(new NotDirectoryException(PATH), "Not a directory"),
                at(new DirectoryNotEmptyException(PATH), "Directory not empty"),
                at(new FileSystemLoopException(PATH), "Too many levels of symbolic links"),
                at(new NotLinkException(PATH), "Not a symbolic link"),
                at(new FileSystemException(PATH), "the file system refuses it"),
                at(new FileSystemException(PATH, null, " "), "the file system refuses it"),
                at(new FileSystemException(PATH, null, "Read-only file system"), "Read-only file system"),
                at(new NoSuchFileException(PATH, null, "it has gone"), "it has gone"),
                Arguments.of(
                        new AtomicMoveNotSupportedException(PATH, "to", "another device"),
                        PATH + " -> to: another device"),
                at(new UncheckedIOException(new NoSuchFileException(PATH)), "No such file or directory"),
                at(new DirectoryIteratorException(new AccessDeniedException(PATH)), "Permission denied"),
                at(new IllegalStateException(new NoSuchFileException(PATH)), "No such file or directory"),
                Arguments.of(new FileSystemException(null, null, "no file is named"), "no file is named"),
                Arguments.of(
                        new InvalidPathException("a\0b", "Nul character not allowed"), "Nul character not allowed"),
                Arguments.of(new MalformedInputException(1), "its bytes are not text in the expected charset"),
                Arguments.of(new UnmappableCharacterException(1), "its bytes are not text in the expected charset"),
                Arguments.of(new IOException("No space left on device"), "No space left on device"),
                Arguments.of(new IOException("all of it", new NoSuchFileException(PATH)), "all of it"),
                Arguments.of(new IOException(), "the system gives no reason"),
                Arguments.of(new EOFException(), "it ends too early"),
                Arguments.of(new ClosedByInterruptException(), "the thread was interrupted"),
                Arguments.of(new AsynchronousCloseException(), "it is closed"),
                Arguments.of(new ReadOnlyFileSystemException(), "Read-only file system"),
                Arguments.of(new UnsupportedOperationException(), "the file system does not support it"),
                Arguments.of(new OutOfMemoryError("Java heap space"), "Java heap space"),
                Arguments.of(new StackOverflowError(), "unexpected StackOverflowError without a message"),
                Arguments.of(
                        new FileSystemNotFoundException(), "unexpected FileSystemNotFoundException without a message"));
    }

    private static Arguments at(Throwable error, String reason) {
        return Arguments.of(error, PATH + ": " + reason);
    }

    @ParameterizedTest
    @MethodSource("errors")
    void namesFileAndReason(Throwable error, String text) {
        assertThat(FileErrorText.describe(error)).isEqualTo(text);
        assertThat(FileErrorText.reason(error)).isNotEmpty().doesNotContain(PATH);
        assertThat(text).endsWith(FileErrorText.reason(error));
    }

    @Test
    void escapesPath() {
        assertThat(FileErrorText.describe(new NoSuchFileException("a\u001b[1m\nb")))
                .isEqualTo("a\\x1b[1m\\nb: No such file or directory");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void namesReasonOfSystem(@TempDir Path folder) throws IOException {
        Path loop = folder.resolve("loop");
        Files.createSymbolicLink(loop, loop);
        Path file = Files.createFile(folder.resolve("file"));
        assertReason("No such file or directory", () -> Files.size(folder.resolve("none")));
        assertReason("Is a directory", () -> Files.readAllBytes(folder));
        assertReason("Not a directory", () -> Files.readAllBytes(file.resolve("in-it")));
        assertReason("Directory not empty", () -> Files.delete(folder));
        assertReason("File exists", () -> Files.createDirectory(file));
        assertReason("Not a symbolic link", () -> Files.readSymbolicLink(file));
        assertReason("Too many levels of symbolic links", () -> Files.readAllBytes(loop));
        assertReason("File name too long", () -> Files.createFile(folder.resolve("x".repeat(300))));
    }

    private interface Use {
        void run() throws IOException;
    }

    private static void assertReason(String reason, Use use) {
        Throwable failed = catchThrowable(use::run);
        assertThat(FileErrorText.reason(failed)).startsWith(reason);
    }
}
