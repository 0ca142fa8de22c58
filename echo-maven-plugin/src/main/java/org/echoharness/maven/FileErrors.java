package org.echoharness.maven;

import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;

/**
 * Describes an error of the file system: what went wrong, and the cure. The message of such an error is often the path
 * alone.
 */
final class FileErrors {

    private static final String DELETE_IT = "; delete it";

    private FileErrors() {}

    /** Returns a text such as {@code target/echo: a file is in the way; delete it}. */
    static String text(Exception error) {
        if (!(error instanceof FileSystemException failed) || failed.getFile() == null) {
            return FileErrorText.reason(error);
        }
        Path inTheWay = inPlaceOfAFolder(failed);
        if (inTheWay != null) {
            return inTheWay + ": " + (Files.isSymbolicLink(inTheWay) ? "a link that leads to no folder" : "a file")
                    + " is in the way, where a folder is needed" + DELETE_IT;
        }
        if (failed instanceof DirectoryNotEmptyException) {
            return failed.getFile() + ": a folder is in the way, where a file is needed" + DELETE_IT;
        }
        return FileErrorText.describe(failed) + cure(failed);
    }

    /**
     * Returns the path that is in the way of a folder, if that is the cause. The system may report only that it is no
     * folder.
     */
    private static @Nullable Path inPlaceOfAFolder(FileSystemException failed) {
        Path file = Path.of(failed.getFile());
        Path folder = isAboutAFolder(failed) ? file : file.getParent();
        for (; folder != null && !Files.isDirectory(folder); folder = folder.getParent()) {
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                return folder;
            }
        }
        return null;
    }

    private static boolean isAboutAFolder(FileSystemException failed) {
        return failed instanceof FileAlreadyExistsException || failed instanceof NotDirectoryException;
    }

    private static String cure(FileSystemException failed) {
        if (failed instanceof AccessDeniedException) {
            return "; let this user write there";
        }
        return isAboutAFolder(failed) ? DELETE_IT : "";
    }
}
