package org.echoharness.control;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.echoharness.control.ControlledServer.FileKind;
import org.echoharness.page.PageResources;
import org.echoharness.text.CompleteFile;
import org.jspecify.annotations.Nullable;

/** Answers with the recording in one of its forms. The threads of requests call it. */
final class RecordingDownload {

    private static final String NAME = "recording";

    private RecordingDownload() {}

    /** Returns the form that the last part of a path stands for, or null. */
    static @Nullable FileKind kind(String word) {
        for (FileKind each : FileKind.values()) {
            if (word.equals(NAME + "." + each.suffix())) {
                return each;
            }
        }
        return null;
    }

    /** Answers with the recording as a file that a browser saves. */
    static void answer(FileKind kind, String id, ControlledServer server, ControlRequest request) throws IOException {
        if (request.isHead()) {
            headers(kind, id, request);
            request.answer(kind.type()).close();
            return;
        }
        Path folder = temporary();
        Path file = folder.resolve(NAME + "." + kind.suffix());
        try {
            write(server, kind, file);
            headers(kind, id, request);
            request.answer(kind.type(), file);
        } finally {
            Files.deleteIfExists(file);
            Files.delete(folder);
        }
    }

    private static void headers(FileKind kind, String id, ControlRequest request) {
        request.header(
                "Content-Disposition",
                "attachment; filename=\"" + id.replaceAll("[^A-Za-z0-9._-]", "_") + "." + kind.suffix() + "\"");
        if (kind == FileKind.HTML) {
            String policy = PageResources.policy() + "; frame-ancestors 'none'; sandbox allow-scripts";
            request.header("Content-Security-Policy", policy);
        }
    }

    private static Path temporary() {
        try {
            return Files.createTempDirectory("echo-control");
        } catch (IOException failed) {
            throw unwritten(failed);
        }
    }

    private static void write(ControlledServer server, FileKind kind, Path file) {
        try {
            server.write(kind, file);
        } catch (IOException failed) {
            throw unwritten(failed);
        }
    }

    private static UncheckedIOException unwritten(IOException failed) {
        String reason = failed instanceof FileSystemException file
                ? CompleteFile.reason(file)
                : String.valueOf(failed.getMessage());
        return new UncheckedIOException(
                "the recording cannot be written to a file for the download: " + reason
                        + "; make room in the folder of temporary files (" + System.getProperty("java.io.tmpdir")
                        + "), or start the JVM with another one, -Djava.io.tmpdir=FOLDER",
                failed);
    }
}
