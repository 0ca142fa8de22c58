package org.echoharness;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Where a command writes what it recorded: {@code --record}. */
final class RecordingFolder {

    static final String OPTION = "--record";
    private static final int PROBE = 4_096;

    private final Path folder;

    private RecordingFolder(Path folder) {
        this.folder = folder;
    }

    /** Makes the folder and writes a file there, which it removes: what cannot work is to fail at the start. */
    static RecordingFolder checked(String name) {
        if (name.isEmpty()) {
            throw new Arguments.UsageException(OPTION + ": its value is empty; name a folder");
        }
        try {
            Path folder = Files.createDirectories(Path.of(name));
            Path probe = Files.createTempFile(folder, ".echo", ".part");
            try {
                Files.write(probe, new byte[PROBE]);
            } finally {
                Files.delete(probe);
            }
            return new RecordingFolder(folder);
        } catch (FileAlreadyExistsException | InvalidPathException noFolder) {
            throw new Arguments.UsageException(
                    OPTION + " " + Text.escape(name) + ": is no folder and cannot be made one ("
                            + noFolder.getClass().getSimpleName() + "); name another");
        } catch (IOException unusable) {
            throw new Arguments.UsageException(OPTION + " " + Text.escape(name) + ": cannot be written ("
                    + CompleteFile.reason(unusable) + "); name a folder that can");
        }
    }

    /**
     * Into three files that are new: those of another process that had this number stay. One that cannot be written leaves
     * the others.
     *
     * @return whether all were written
     */
    boolean write(Recording recording, Console console) {
        String process = "echo-" + ProcessHandle.current().pid();
        String name = process;
        for (int i = 2; Files.exists(folder.resolve(name + ".pcapng"), LinkOption.NOFOLLOW_LINKS); i++) {
            name = process + "-" + i;
        }
        boolean all = write(folder.resolve(name + ".pcapng"), recording::writePcapng, console);
        all &= write(folder.resolve(name + ".html"), recording::writeHtml, console);
        all &= write(folder.resolve(name + ".txt"), recording::writeTranscript, console);
        if (all) {
            console.out(
                    "the recording is in " + Text.escape(folder.resolve(name).toString()) + ".txt, .html and .pcapng");
        }
        return all;
    }

    private interface Written {
        void to(Path file) throws IOException;
    }

    private static boolean write(Path file, Written written, Console console) {
        try {
            written.to(file);
            return true;
        } catch (IOException | RuntimeException | Error failed) {
            console.error("the recording was not written to " + Text.escape(file.toString()) + " ("
                    + CompleteFile.reason(failed) + "); make room there, or name another folder for " + OPTION);
            return false;
        }
    }
}
