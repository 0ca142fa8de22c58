package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.maven.plugin.logging.Log;
import org.echoharness.Recording;

/** Where the recording of a server goes when it ends: a folder of its own, with names that are ours, and never a link. */
final class RecordingFiles {

    private final Path folder;

    RecordingFiles(Path buildDirectory, String id) {
        folder = buildDirectory.resolve("echo").resolve(id);
    }

    Path folder() {
        return folder;
    }

    /** Deletes what an earlier build left, so that nobody takes it for what this one recorded. */
    void clear() throws IOException {
        if (Files.isSymbolicLink(folder)) {
            throw new IOException("recordings are not written through the link " + folder + "; delete it");
        }
        Files.deleteIfExists(transcript());
        Files.deleteIfExists(page());
        Files.deleteIfExists(packets());
    }

    /** Whether they could be written; if not, there is a warning, since no build fails for their sake. */
    boolean write(Recording recording, Log log) {
        try {
            clear();
            Files.createDirectories(folder);
            recording.writeTranscript(transcript());
            recording.writeHtml(page());
            recording.writePcapng(packets());
            return true;
        } catch (IOException failed) {
            log.warn("the recording could not be written to " + folder + ": " + FileErrors.text(failed));
            return false;
        }
    }

    private Path transcript() {
        return folder.resolve("transcript.txt");
    }

    private Path page() {
        return folder.resolve("conversation.html");
    }

    private Path packets() {
        return folder.resolve("conversation.pcapng");
    }
}
