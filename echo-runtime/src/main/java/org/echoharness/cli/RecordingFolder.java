package org.echoharness.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.echoharness.Recording;
import org.echoharness.RecordingFiles;
import org.echoharness.text.Escaping;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;

/** The folder of the option {@code --record}. A command writes its recording to a new folder in it. */
final class RecordingFolder {

    static final String OPTION = "--record";
    private static final Pattern FULL = Pattern.compile("(?i)space|quota|too large");

    private final Path folder;

    private RecordingFolder(Path folder) {
        this.folder = folder;
    }

    /** Returns the folder that the option names, or null without the option. */
    static @Nullable RecordingFolder of(CommandArguments given) {
        return given.has(OPTION) ? checked(given.get(OPTION, "")) : null;
    }

    /** Checks at the start of the command that files can be written to the folder. */
    private static RecordingFolder checked(String name) {
        if (name.isEmpty()) {
            throw new CommandArguments.UsageException(OPTION + ": its value is empty; name a folder");
        }
        try {
            Path folder = Path.of(name);
            RecordingFiles.checkWritable(folder);
            return new RecordingFolder(folder);
        } catch (FileAlreadyExistsException | NotDirectoryException | InvalidPathException noFolder) {
            throw new CommandArguments.UsageException(
                    OPTION + " " + Escaping.escape(name) + ": is not a folder and cannot be made one ("
                            + FileErrorText.reason(noFolder) + "); name another");
        } catch (IOException unusable) {
            throw new CommandArguments.UsageException(OPTION + " " + Escaping.escape(name) + ": cannot be written ("
                    + FileErrorText.reason(unusable) + "); name a folder that can");
        }
    }

    /**
     * Writes the files of a recording to a new folder. The folder of an earlier process with the same id is kept.
     *
     * @return whether all files were written
     */
    boolean write(Recording recording, Console console) {
        Path made = newFolder();
        try {
            recording.writeFiles(made);
            console.out("the recording is in " + Escaping.escape(made.toString()));
            return true;
        } catch (IOException | RuntimeException | Error failed) {
            report(failed, made, console);
            for (Throwable other : failed.getSuppressed()) {
                report(other, made, console);
            }
            return false;
        }
    }

    private Path newFolder() {
        String process = "echo-" + ProcessHandle.current().pid();
        Path made = folder.resolve(process);
        for (int i = 2; Files.exists(made, LinkOption.NOFOLLOW_LINKS); i++) {
            made = folder.resolve(process + "-" + i);
        }
        return made;
    }

    private static void report(Throwable failed, Path made, Console console) {
        String file = failed instanceof FileSystemException system ? system.getFile() : null;
        console.error("the recording was not written to " + Escaping.escape(file == null ? made.toString() : file)
                + " (" + FileErrorText.reason(failed) + "); " + cure(failed));
    }

    /** Returns the cure: more memory if the heap is full, more room if the disk is, otherwise another folder. */
    private static String cure(Throwable failed) {
        if (failed instanceof OutOfMemoryError) {
            return "give the JVM more memory, as with -Xmx1g";
        }
        boolean isFull = FULL.matcher(FileErrorText.reason(failed)).find();
        return (isFull ? "make room there, or name" : "name") + " another folder for " + OPTION;
    }
}
