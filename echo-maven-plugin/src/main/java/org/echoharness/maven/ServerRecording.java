package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.Path;
import org.echoharness.Recording;
import org.echoharness.RecordingFiles;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;

/**
 * The folder to which a server's recording is written when the server ends. The plugin chooses its name, and it is
 * never a link.
 */
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

    /**
     * Deletes the files of an earlier build, and checks that files can be written, so that the goal fails at the start
     * if they cannot.
     */
    void prepare() throws IOException {
        try {
            RecordingFiles.delete(folder);
            RecordingFiles.checkWritable(folder);
        } catch (IOException unusable) {
            throw new IOException(unwritable("recordings cannot", unusable) + ", or record nothing", unusable);
        }
    }

    /** Returns why the files could not be written; null if they were. */
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
