package org.echoharness.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.echoharness.FileErrorText;
import org.echoharness.Recording;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/** Where a command writes what it recorded: {@code --record}. */
final class RecordingFolder {

    static final String OPTION = "--record";
    private static final int PROBE = 4_096;
    private static final Pattern FULL = Pattern.compile("(?i)space|quota");

    private final Path folder;
    private final List<Path> made; // from the innermost

    private RecordingFolder(Path folder, List<Path> made) {
        this.folder = folder;
        this.made = made;
    }

    /** The one that the option names; null without it. */
    static @Nullable RecordingFolder of(CommandArguments given) {
        return given.has(OPTION) ? checked(given.get(OPTION, "")) : null;
    }

    /** What is recorded begins. */
    interface Start<T> {
        T run() throws IOException;
    }

    /** Begins what is recorded, if it is. Where that fails, the folders that were made for it are removed. */
    static <T> T begin(@Nullable RecordingFolder folder, Start<T> start) throws IOException {
        try {
            return start.run();
        } catch (Throwable failed) {
            if (folder != null) {
                folder.removeIfEmpty();
            }
            throw failed;
        }
    }

    /** Makes the folder and writes a file there, which it removes: what cannot work is to fail at the start. */
    private static RecordingFolder checked(String name) {
        if (name.isEmpty()) {
            throw new CommandArguments.UsageException(OPTION + ": its value is empty; name a folder");
        }
        try {
            Path folder = Path.of(name);
            RecordingFolder checked = new RecordingFolder(folder, missing(folder));
            try {
                checked.probe();
                return checked;
            } catch (IOException unusable) {
                checked.removeIfEmpty();
                throw unusable;
            }
        } catch (FileAlreadyExistsException | NotDirectoryException | InvalidPathException noFolder) {
            throw new CommandArguments.UsageException(OPTION + " " + Escaping.escape(name)
                    + ": is no folder and cannot be made one (" + FileErrorText.reason(noFolder) + "); name another");
        } catch (IOException unusable) {
            throw new CommandArguments.UsageException(OPTION + " " + Escaping.escape(name) + ": cannot be written ("
                    + FileErrorText.reason(unusable) + "); name a folder that can");
        }
    }

    private static List<Path> missing(Path folder) {
        List<Path> missing = new ArrayList<>();
        for (Path at = folder; at != null && Files.notExists(at, LinkOption.NOFOLLOW_LINKS); at = at.getParent()) {
            missing.add(at);
        }
        return missing;
    }

    private void probe() throws IOException {
        make();
        Path probe = Files.createTempFile(folder, ".echo", ".part");
        try {
            Files.write(probe, new byte[PROBE]);
        } finally {
            Files.delete(probe);
        }
    }

    private void make() throws IOException {
        if (!Files.isDirectory(folder)) { // early releases of JDK 17 refuse a link to a folder
            Files.createDirectories(folder);
        }
    }

    /** Removes the folders that were made for a recording which did not begin, or could not be written. */
    private void removeIfEmpty() {
        for (Path folder : made) {
            try {
                Files.deleteIfExists(folder);
            } catch (IOException inUse) {
                return;
            }
        }
    }

    /**
     * Into three files that are new: those of another process that had this number stay. One that cannot be written leaves
     * the others.
     *
     * @return whether all were written
     */
    boolean write(Recording recording, Console console) {
        try {
            make(); // it may have gone meanwhile
        } catch (IOException unusable) {
            console.error("the recording was not written to " + Escaping.escape(folder.toString()) + " ("
                    + FileErrorText.reason(unusable) + "); " + cure(unusable));
            return false;
        }
        String process = "echo-" + ProcessHandle.current().pid();
        String name = process;
        for (int i = 2; Files.exists(folder.resolve(name + ".pcapng"), LinkOption.NOFOLLOW_LINKS); i++) {
            name = process + "-" + i;
        }
        boolean all = write(folder.resolve(name + ".pcapng"), recording::writePcapng, console);
        all &= write(folder.resolve(name + ".html"), recording::writeHtml, console);
        all &= write(folder.resolve(name + ".txt"), recording::writeTranscript, console);
        if (!all) {
            removeIfEmpty();
        } else {
            console.out("the recording is in "
                    + Escaping.escape(folder.resolve(name).toString()) + ".txt, .html and .pcapng");
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
            console.error("the recording was not written to " + Escaping.escape(file.toString()) + " ("
                    + FileErrorText.reason(failed) + "); " + cure(failed));
            return false;
        }
    }

    /** More room helps only where the path can be used, and a heap that is full is not that of the disk. */
    private static String cure(Throwable failed) {
        if (failed instanceof OutOfMemoryError) {
            return "give the JVM more memory, as with -Xmx1g";
        }
        boolean isFull = failed instanceof FileSystemException system
                ? FULL.matcher(FileErrorText.reason(system)).find()
                : failed instanceof IOException;
        return (isFull ? "make room there, or name" : "name") + " another folder for " + OPTION;
    }
}
