package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.echoharness.Recording;

/** Where the recording of a server goes when it ends: a folder of its own, with names that are ours, and never a link. */
final class RecordingFiles {

    private static final int PROBE = 4_096;

    private final Path folder;

    RecordingFiles(Path buildDirectory, String id) {
        folder = buildDirectory.resolve("echo").resolve(id);
    }

    Path folder() {
        return folder;
    }

    /** Deletes what an earlier build left, so that nobody takes it for what this one recorded. */
    void clear() throws IOException {
        checkNoLink();
        deleteFiles();
    }

    private void checkNoLink() throws IOException {
        if (Files.isSymbolicLink(folder)) {
            throw new IOException("recordings are not written through the link " + folder + "; delete it");
        }
    }

    private void deleteFiles() throws IOException {
        Files.deleteIfExists(transcript());
        Files.deleteIfExists(page());
        Files.deleteIfExists(packets());
    }

    /** As {@link #clear}, and checks that files can be written: what cannot work is to fail at the start. */
    void prepare() throws IOException {
        checkNoLink();
        try {
            boolean isNew = Files.notExists(folder);
            Files.createDirectories(folder);
            deleteFiles();
            Path probe = Files.createTempFile(folder, ".echo", ".part");
            try {
                Files.write(probe, new byte[PROBE]);
            } finally {
                Files.delete(probe);
            }
            if (isNew) {
                Files.delete(folder);
            }
        } catch (IOException unusable) {
            throw new IOException(
                    "recordings cannot be written to " + folder + " (" + FileErrors.reason(unusable)
                            + "); make it writable, or record nothing",
                    unusable);
        }
    }

    /** Whether they could be written; if not, there is a warning. */
    boolean write(Recording recording, Consumer<String> warnings) {
        try {
            clear();
            Files.createDirectories(folder);
            recording.writeTranscript(transcript());
            recording.writeHtml(page());
            recording.writePcapng(packets());
            return true;
        } catch (IOException failed) {
            warnings.accept("the recording could not be written to " + folder + ": " + FileErrors.text(failed));
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
