package org.echoharness.maven;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.echoharness.FileErrorText;
import org.echoharness.Recording;
import org.jspecify.annotations.Nullable;

/** Where the recording of a server goes when it ends: a folder of its own, with names that are ours, and never a link. */
final class ServerRecording {

    private static final int PROBE = 4_096;

    private final Path parent;
    private final Path folder;

    ServerRecording(Path buildDirectory, String id) {
        parent = buildDirectory.resolve("echo");
        folder = parent.resolve(id);
    }

    Path folder() {
        return folder;
    }

    /** Deletes what an earlier build left, so that nobody takes it for what this one recorded. */
    void clear() throws IOException {
        if (Files.isSymbolicLink(folder)) {
            throw new IOException("recordings are not written through a link; delete it");
        }
        Files.deleteIfExists(transcript());
        Files.deleteIfExists(page());
        Files.deleteIfExists(packets());
    }

    /** As {@link #clear}, and checks that files can be written: what cannot work is to fail at the start. */
    void prepare() throws IOException {
        try {
            clear();
            Path made = firstMissing();
            try {
                Files.createDirectories(folder);
                Path probe = Files.createTempFile(folder, ".echo", ".part");
                try {
                    Files.write(probe, new byte[PROBE]);
                } finally {
                    Files.delete(probe);
                }
            } finally {
                if (made != null) {
                    deleteUpTo(made);
                }
            }
        } catch (IOException unusable) {
            throw new IOException(unwritable("recordings cannot", unusable) + ", or record nothing", unusable);
        }
    }

    /** The outermost of the folders that are to be made; null where all exist. */
    private @Nullable Path firstMissing() {
        Path missing = null;
        for (Path path = folder.toAbsolutePath();
                path != null && Files.notExists(path, LinkOption.NOFOLLOW_LINKS);
                path = path.getParent()) {
            missing = path;
        }
        return missing;
    }

    /** Deletes the folders, from the innermost on, unless something is in one. */
    private void deleteUpTo(Path outermost) {
        try {
            for (Path path = folder.toAbsolutePath();
                    path != null && path.startsWith(outermost);
                    path = path.getParent()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException used) {
            // by somebody else meanwhile, or not deletable: the folder stays
        }
    }

    /** Why they could not be written; null if they were. */
    @Nullable
    String write(Recording recording) {
        try {
            clear();
            Files.createDirectories(folder);
            recording.writeTranscript(transcript());
            recording.writeHtml(page());
            recording.writePcapng(packets());
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
