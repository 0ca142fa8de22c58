package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/** Says of an error of the file system what went wrong and what helps: its own message is often the path alone. */
final class FileErrors {

    private FileErrors() {}

    /** As {@code target/echo: a file is in the way; delete it}. */
    static String text(IOException error) {
        if (error instanceof FileSystemException failed && failed.getFile() != null) {
            String other = failed.getOtherFile() == null ? "" : " -> " + failed.getOtherFile();
            return failed.getFile() + other + ": " + reason(failed);
        }
        return error.getMessage() == null ? error.toString() : error.getMessage();
    }

    /** The same without the path and the cure, as {@code permission denied}. */
    static String reason(IOException error) {
        if (error instanceof FileSystemException failed) {
            String reason = reason(failed);
            int cure = reason.indexOf(';');
            return cure < 0 ? reason : reason.substring(0, cure);
        }
        return error.getMessage() == null ? error.toString() : error.getMessage();
    }

    private static String reason(FileSystemException failed) {
        String known = known(failed);
        if (known != null) {
            return known;
        }
        return failed.getReason() == null ? "the file system refuses it" : failed.getReason();
    }

    private static @Nullable String known(FileSystemException failed) {
        if (failed instanceof AccessDeniedException) {
            return "permission denied; let this user write there";
        }
        if (failed instanceof FileAlreadyExistsException || failed instanceof NotDirectoryException) {
            return "a file is in the way, where a folder is needed; delete it";
        }
        if (failed instanceof DirectoryNotEmptyException) {
            return "a folder is in the way, where a file is needed; delete it";
        }
        return failed instanceof NoSuchFileException ? "there is no such file or folder" : null;
    }
}
