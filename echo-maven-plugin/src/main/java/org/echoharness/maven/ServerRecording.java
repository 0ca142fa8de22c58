package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.Path;
import org.echoharness.FileErrorText;
import org.echoharness.Recording;
import org.echoharness.RecordingFiles;
import org.jspecify.annotations.Nullable;

/** Where the recording of a server goes when it ends: a folder of its own, with names that are ours, and never a link. */
final class ServerRecording {

    private final Path parent;
    private final Path folder;

    ServerRecording(Path buildDirectory, String id) {
        parent = buildDirectory.resolve("echo");
        folder = parent.resolve(id);
    }

    Path folder() {
        return folder;
    }

    /** Deletes what an earlier build left, and checks that files can be written: what cannot work is to fail at the start. */
    void prepare() throws IOException {
        try {
            RecordingFiles.delete(folder);
            RecordingFiles.checkWritable(folder);
        } catch (IOException unusable) {
            throw new IOException(unwritable("recordings cannot", unusable) + ", or record nothing", unusable);
        }
    }

    /** Why they could not be written; null if they were. */
    @Nullable
    String write(Recording recording) {
        try {
            RecordingFiles.delete(folder);
            recording.writeFiles(folder);
            return null;
        } catch (IOException failed) {
            return unwritable("the recording could not", failed);
        } catch (RuntimeException | OutOfMemoryError failed) {
            return "the recording could not be written to " + folder + ": " + FileErrorText.reason(failed);
        }
    }

    private String unwritable(String what, IOException failed) {
        String why = FileErrors.text(failed);
        return what + " be written" + (why.contains(parent.toString()) ? "" : " to " + folder) + ": " + why;
    }
}
