package org.echoharness;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Writes a new file that is complete when it has its name: until then it has another, and if it fails it is removed. */
final class CompleteFile {

    /** Writes what the file is to hold; the stream is buffered. */
    interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private CompleteFile() {}

    /** Fails if the file exists, which then stays as it is. */
    static void write(Path file, Content content) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        String random = Integer.toHexString(ThreadLocalRandom.current().nextInt());
        Path part = file.resolveSibling("." + file.getFileName() + "." + random + ".part");
        try {
            try (OutputStream out = new BufferedOutputStream(
                    Files.newOutputStream(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
                content.writeTo(out);
            }
            rename(part, file);
        } finally {
            remove(part);
        }
    }

    /** A link fails where another process has made the file meanwhile; a move would replace it. */
    private static void rename(Path part, Path file) throws IOException {
        try {
            Files.createLink(file, part);
        } catch (FileAlreadyExistsException exists) {
            throw exists;
        } catch (UnsupportedOperationException | FileSystemException noLinksHere) {
            Files.move(part, file);
        }
    }

    private static void remove(Path part) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException stays) {
            return; // under a name that nobody takes for the file
        }
    }

    /** Why a file could not be used, in words: the message of the system's exception may be the path alone. */
    static String reason(Throwable failed) {
        if (failed instanceof FileSystemException system) {
            String known = known(system);
            return known != null ? known : Objects.requireNonNullElse(system.getReason(), "the file system refuses it");
        }
        if (failed instanceof InvalidPathException invalid) {
            return invalid.getReason();
        }
        return failed.getMessage() == null ? failed.toString() : failed.getMessage();
    }

    private static @Nullable String known(FileSystemException failed) {
        if (failed instanceof NoSuchFileException) {
            return "No such file or directory";
        }
        if (failed instanceof AccessDeniedException) {
            return "Permission denied";
        }
        if (failed instanceof FileAlreadyExistsException) {
            return "File exists";
        }
        if (failed instanceof NotDirectoryException) {
            return "Not a directory";
        }
        return failed instanceof DirectoryNotEmptyException ? "Directory not empty" : null;
    }
}
