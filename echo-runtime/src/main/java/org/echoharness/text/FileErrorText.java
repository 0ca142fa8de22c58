package org.echoharness.text;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.ReadOnlyFileSystemException;

/**
 * Says in words why a file or folder could not be used. All front ends use it, since the message of a file system's
 * exception is often only the path, and some exceptions have no message. Any thread may call the methods.
 */
public final class FileErrorText {

    private FileErrorText() {}

    /**
     * Returns the reason without the path, such as {@code Permission denied}: the one that the exception gives, or else
     * the usual words for its type, or else its message.
     *
     * @param failed what reading, writing or naming a file threw; if it only wraps its cause, the cause is used
     * @return the reason; never empty, and never only a path or the name of a class
     */
    public static String reason(Throwable failed) {
        Throwable error = unwrapped(failed);
        if (error instanceof FileSystemException system) {
            return CompleteFile.reason(system);
        }
        if (error instanceof InvalidPathException invalid) {
            return invalid.getReason();
        }
        if (error instanceof CharacterCodingException) {
            return "its bytes are not text in the expected charset";
        }
        String message = error.getMessage();
        return message == null || message.isBlank() ? wordsWithoutMessage(error) : message;
    }

    /**
     * Returns the path, or both paths, and the {@link #reason}, such as {@code target/echo: Permission denied}. If the
     * exception has no path, this is only the reason.
     *
     * @param failed what reading, writing or naming a file threw; if it only wraps its cause, the cause is used
     * @return the text; never empty, and never only a path or the name of a class
     */
    public static String describe(Throwable failed) {
        if (unwrapped(failed) instanceof FileSystemException system && system.getFile() != null) {
            String other = system.getOtherFile() == null ? "" : " -> " + system.getOtherFile();
            return Escaping.escape(system.getFile() + other) + ": " + reason(system);
        }
        return reason(failed);
    }

    /** Returns the cause of an exception that only wraps it, which is one whose message is the text of the cause. */
    private static Throwable unwrapped(Throwable failed) {
        Throwable error = failed;
        for (Throwable cause = error.getCause();
                cause != null && cause.toString().equals(error.getMessage());
                cause = error.getCause()) {
            error = cause;
        }
        return error;
    }

    private static String wordsWithoutMessage(Throwable error) {
        if (error instanceof ReadOnlyFileSystemException) {
            return "Read-only file system";
        }
        if (error instanceof ClosedByInterruptException) {
            return "the thread was interrupted";
        }
        if (error instanceof ClosedChannelException) {
            return "it is closed";
        }
        if (error instanceof EOFException) {
            return "it ends too early";
        }
        if (error instanceof UnsupportedOperationException) {
            return "the file system does not support it";
        }
        return error instanceof IOException
                ? "the system gives no reason"
                : "unexpected " + error.getClass().getSimpleName() + " without a message";
    }
}
