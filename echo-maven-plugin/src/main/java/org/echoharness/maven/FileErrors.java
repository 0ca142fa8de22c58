package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Says of an error of the file system what went wrong and what helps: its own message is often the path alone. */
final class FileErrors {

    private static final String IN_PLACE_OF_A_FOLDER = " is in the way, where a folder is needed";
    private static final String DELETE_IT = "; delete it";

    private FileErrors() {}

    /** As {@code target/echo: a file is in the way; delete it}. */
    static String text(IOException error) {
        if (error instanceof FileSystemException failed && failed.getFile() != null) {
            Path inTheWay = inPlaceOfAFolder(failed);
            if (inTheWay != null) {
                return inTheWay + ": " + (Files.isSymbolicLink(inTheWay) ? "a link that leads to no folder" : "a file")
                        + IN_PLACE_OF_A_FOLDER + DELETE_IT;
            }
            String other = failed.getOtherFile() == null ? "" : " -> " + failed.getOtherFile();
            return failed.getFile() + other + ": " + reason(failed) + cure(failed);
        }
        return error.getMessage() == null ? error.toString() : error.getMessage();
    }

    /** The same without the path and the cure, as {@code permission denied}. */
    static String reason(IOException error) {
        if (error instanceof FileSystemException failed) {
            return reason(failed);
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

    /** What is there where a folder is needed, if it is that; the system may just say that it is no folder. */
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

    private static @Nullable String known(FileSystemException failed) {
        if (failed instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (isAboutAFolder(failed)) {
            return "a file" + IN_PLACE_OF_A_FOLDER;
        }
        if (failed instanceof DirectoryNotEmptyException) {
            return "a folder is in the way, where a file is needed";
        }
        return failed instanceof NoSuchFileException ? "there is no such file or folder" : null;
    }

    private static String cure(FileSystemException failed) {
        if (failed instanceof AccessDeniedException) {
            return "; let this user write there";
        }
        return isAboutAFolder(failed) || failed instanceof DirectoryNotEmptyException ? DELETE_IT : "";
    }
}
