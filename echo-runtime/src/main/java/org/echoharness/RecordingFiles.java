package org.echoharness;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;

/**
 * The files that {@link Recording#writeFiles(Path)} has written. They have the same names in every front end: {@code
 * transcript.txt}, {@code conversation.html} for a browser, {@code conversation.pcapng} for Wireshark and {@code
 * conversation.script} for a server that plays the conversation again.
 *
 * @param transcript the file that {@link Recording#writeTranscript(Path)} writes
 * @param page the file that {@link Recording#writeHtml(Path)} writes
 * @param packets the file that {@link Recording#writePcapng(Path)} writes
 * @param script the file that {@link Recording#writeScript(Path)} writes
 * @param leftOutOfTranscript how many kept connections the size limit left out of the transcript
 * @param leftOutOfPage how many it left out of the page
 * @param leftOutOfPackets how many it left out of the packets
 * @param leftOutOfScript how many it left out of the script
 * @since 0.1.0
 */
public record RecordingFiles(
        Path transcript,
        Path page,
        Path packets,
        Path script,
        int leftOutOfTranscript,
        int leftOutOfPage,
        int leftOutOfPackets,
        int leftOutOfScript) {

    private static final List<String> NAMES =
            List.of("transcript.txt", "conversation.html", "conversation.pcapng", "conversation.script");
    private static final int PROBE_BYTES = 4_096;

    /** Writes one file, and returns how many connections are left out of it. */
    interface Content {
        int writeTo(Path file) throws IOException;
    }

    /** Returns the size of a connection in a file. */
    interface Size {
        long of(RecordedConnection connection) throws IOException;
    }

    /**
     * Returns the names of the files.
     *
     * @return the names of transcript, page, packets and script, in this order
     */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * Deletes the files of an earlier recording, so that they are not mistaken for those of a later one. The folder and all
     * other files stay.
     *
     * @param folder the folder that {@link Recording#writeFiles(Path)} wrote to; it need not exist
     * @throws IOException if the folder is a symbolic link, or a file cannot be deleted
     */
    public static void delete(Path folder) throws IOException {
        if (Files.isSymbolicLink(folder)) {
            throw new FileSystemException(
                    folder.toString(), null, "recordings are not written through a link; delete it");
        }
        for (String name : NAMES) {
            Files.deleteIfExists(folder.resolve(name));
        }
    }

    /**
     * Checks in advance that files can be written to a folder. Makes the folder if it is missing and a file of 4 KiB in it,
     * and removes what it made.
     *
     * @param folder the folder that files are to be written to
     * @throws IOException if the folder cannot be made, or no file can be written there
     */
    public static void checkWritable(Path folder) throws IOException {
        Path made = outermostMissing(folder);
        try {
            make(folder);
            Path probe = Files.createTempFile(folder, ".echo", ".part");
            try {
                Files.write(probe, new byte[PROBE_BYTES]);
            } finally {
                Files.delete(probe);
            }
        } finally {
            removeEmpty(folder, made);
        }
    }

    /** Tries to write all files. Throws the first failure, which names its file and has the others suppressed. */
    static RecordingFiles write(Path folder, Content transcript, Content page, Content packets, Content script)
            throws IOException {
        Path made = outermostMissing(folder);
        List<Path> files = NAMES.stream().map(folder::resolve).toList();
        List<Content> contents = List.of(transcript, page, packets, script);
        int[] leftOut = new int[NAMES.size()];
        List<Throwable> failures = new ArrayList<>();
        try {
            make(folder);
            for (int i = 0; i < leftOut.length; i++) {
                try {
                    deleteEarlier(files.get(i));
                    leftOut[i] = contents.get(i).writeTo(files.get(i));
                } catch (IOException failed) {
                    failures.add(named(files.get(i), failed));
                } catch (RuntimeException | Error failed) {
                    failures.add(failed);
                }
            }
            throwFirst(failures);
        } catch (IOException | RuntimeException | Error failed) {
            removeEmpty(folder, made);
            throw failed;
        }
        return new RecordingFiles(
                files.get(0), files.get(1), files.get(2), files.get(3), leftOut[0], leftOut[1], leftOut[2], leftOut[3]);
    }

    private static void deleteEarlier(Path file) throws IOException {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(file.toString(), null, "a folder is in the way");
        }
        Files.deleteIfExists(file);
    }

    private static void throwFirst(List<Throwable> failures) throws IOException {
        if (failures.isEmpty()) {
            return;
        }
        Throwable first = failures.get(0);
        failures.stream().skip(1).filter(next -> next != first).forEach(first::addSuppressed);
        if (first instanceof IOException failed) {
            throw failed;
        }
        if (first instanceof RuntimeException failed) {
            throw failed;
        }
        throw (Error) first;
    }

    private static IOException named(Path file, IOException failed) {
        if (failed instanceof FileSystemException) {
            return failed;
        }
        FileSystemException named = new FileSystemException(file.toString(), null, FileErrorText.reason(failed));
        named.initCause(failed);
        return named;
    }

    private static void make(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) { // early releases of JDK 17 refuse a link to a folder
            Files.createDirectories(folder);
        }
    }

    /** Returns the outermost of the folders that must be made; null if all exist. */
    private static @Nullable Path outermostMissing(Path folder) {
        Path missing = null;
        for (Path path = folder.toAbsolutePath();
                path != null && Files.notExists(path, LinkOption.NOFOLLOW_LINKS);
                path = path.getParent()) {
            missing = path;
        }
        return missing;
    }

    /** Removes the folders that were made, innermost first, and stops at one that is not empty. */
    private static void removeEmpty(Path folder, @Nullable Path outermost) {
        try {
            for (Path path = folder.toAbsolutePath();
                    outermost != null && path != null && path.startsWith(outermost);
                    path = path.getParent()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException inUse) {
            // another program has put a file into the folder, or it cannot be deleted: it stays
        }
    }

    /**
     * Returns the newest connections, as many as fit. Skips a connection that is larger than the limit. Stops at the first
     * other one that does not fit.
     */
    static List<RecordedConnection> fitting(List<RecordedConnection> all, long mostBytes, Size size)
            throws IOException {
        List<RecordedConnection> fitting = new ArrayList<>();
        long left = mostBytes;
        for (int i = all.size() - 1; i >= 0; i--) {
            RecordedConnection connection = all.get(i);
            long bytes = size.of(connection);
            if (bytes <= left) {
                fitting.add(connection);
                left -= bytes;
            } else if (bytes <= mostBytes) {
                break;
            }
        }
        Collections.reverse(fitting);
        return fitting;
    }
}
