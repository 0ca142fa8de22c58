package org.echoharness.text;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;

/** Writes a new file under a temporary name, and gives it its own name once it is complete. Removes it on a failure. */
public final class CompleteFile {

    /** Writes the content of the file to a buffered stream. */
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private CompleteFile() {}

    /** Writes the file. Fails if it exists, and then leaves it unchanged. */
    public static void write(Path file, Content content) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(file.toString(), null, "File exists; delete it, or name a new file");
        }
        complete(file, content, CompleteFile::rename);
    }

    /** Writes the file, in place of one that exists. Whoever opens it meanwhile reads all of the old one or of the new one. */
    public static void replace(Path file, Content content) throws IOException {
        complete(file, content, (part, to) -> Files.move(part, to, StandardCopyOption.ATOMIC_MOVE));
    }

    /** Gives the complete part the name of the file. */
    private interface Naming {
        void name(Path part, Path file) throws IOException;
    }

    private static void complete(Path file, Content content, Naming naming) throws IOException {
        String random = Integer.toHexString(ThreadLocalRandom.current().nextInt());
        Path part = file.resolveSibling("." + file.getFileName() + "." + random + ".part");
        try {
            try (OutputStream out = new BufferedOutputStream(
                    Files.newOutputStream(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
                content.writeTo(out);
            }
            naming.name(part, file);
        } catch (FileSystemException failed) {
            throw named(file, failed);
        } finally {
            remove(part);
        }
    }

    /** Makes a hard link, which fails if another process has made the file in the meantime. A move would replace it. */
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
            return; // its name is not mistaken for the file's
        }
    }

    /** Returns the same failure with the reason and the name of the file, because the caller does not know the part's. */
    private static FileSystemException named(Path path, FileSystemException failed) {
        String file = path.toString();
        String reason = reason(failed);
        FileSystemException named;
        if (failed instanceof NoSuchFileException) {
            named = new NoSuchFileException(file, null, reason);
        } else if (failed instanceof AccessDeniedException) {
            named = new AccessDeniedException(file, null, reason);
        } else if (failed instanceof FileAlreadyExistsException) {
            named = new FileAlreadyExistsException(file, null, reason);
        } else {
            named = new FileSystemException(file, null, reason);
        }
        named.initCause(failed);
        return named;
    }

    /** Returns why the file system refused: the reason that it gives, or else the usual text for the exception's type. */
    public static String reason(FileSystemException failed) {
        String given = failed.getReason();
        return given == null || given.isBlank() ? wordsFor(failed) : given;
    }

    private static String wordsFor(FileSystemException failed) {
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
        if (failed instanceof DirectoryNotEmptyException) {
            return "Directory not empty";
        }
        if (failed instanceof FileSystemLoopException) {
            return "Too many levels of symbolic links";
        }
        return failed instanceof NotLinkException ? "Not a symbolic link" : "the file system refuses it";
    }
}
