package org.echoharness.maven;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One file with the list of the servers that this build runs. Another build may run in the same folder: this build
 * moves the list of the other one aside, and moves it back at the end. It never deletes a list whose process still
 * runs. As the list has the token of the HTTP interface, only its owner can read and write it, from its first moment: it has
 * the mode 0600. On a file system without POSIX permissions, as on Windows, the owner alone is in its access control list
 * before anything is written; where there is no such list either, everybody who can read the folder can read the file.
 */
final class ServersListFile {

    private static final String PREFIX = "echo."; // of all entries
    private static final String PID = PREFIX + "pid";
    private static final String STARTED = "echo.started";

    /** How much two readings of the instant at which a process started may differ. */
    private static final long TOLERANCE_MILLIS = 2_000;

    private final Path file;
    private final Consumer<String> warnings;
    private @Nullable String written;

    ServersListFile(Path file, Consumer<String> warnings) {
        this.file = file.toAbsolutePath();
        this.warnings = warnings;
    }

    /** Returns whether the file may be replaced: it does not exist, or it is such a list. */
    static boolean isReplaceable(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return true;
        }
        String text = read(file);
        return text != null && isList(text);
    }

    private static boolean isList(String text) {
        return text.startsWith(PREFIX) && ("\n" + text).contains("\n" + PID + "=");
    }

    Path file() {
        return file;
    }

    /** Replaces the file. Readers see the old file or the new one, never a part. */
    void write(SortedMap<String, String> servers) throws IOException {
        String text = text(servers);
        try {
            Path folder = Files.createDirectories(file.resolveSibling(""));
            putAsideWhatAnotherWrote();
            Path next = Files.createTempFile(folder, "servers", ".tmp", ofOwner(folder));
            try {
                restrict(next);
                Files.writeString(next, text);
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(next);
            }
        } catch (IOException failed) {
            throw new IOException("the list of servers cannot be written: " + FileErrors.text(failed), failed);
        }
        written = text;
        Files.deleteIfExists(ownAside());
    }

    /** Returns the attributes of a file that is the owner's alone, as far as it can have them when it is made. */
    private static FileAttribute<?>[] ofOwner(Path folder) {
        return hasModes(folder)
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean hasModes(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /** Takes the rights of others on an empty file where it has an access control list instead of a mode. */
    private static void restrict(Path file) throws IOException {
        if (!hasModes(file) && Files.getFileStore(file).supportsFileAttributeView("acl")) {
            AclFileAttributeView list = Files.getFileAttributeView(file, AclFileAttributeView.class);
            list.setAcl(List.of(AclEntry.newBuilder()
                    .setType(AclEntryType.ALLOW)
                    .setPrincipal(list.getOwner())
                    .setPermissions(EnumSet.allOf(AclEntryPermission.class))
                    .build()));
        }
    }

    /**
     * Deletes the list of this build, wherever it is now, and the lists of builds that have ended. Moves back a list
     * that was moved aside if its process runs.
     */
    void delete() throws IOException {
        String own = written;
        if (own == null) {
            return;
        }
        written = null;
        if (own.equals(read(ownAside()))) {
            Files.delete(ownAside());
        }
        String text = read(file);
        if (text != null && (text.equals(own) || (isList(text) && runningProcess(text) == null))) {
            Path aside = listOfAnotherThatRuns();
            if (aside == null) {
                Files.deleteIfExists(file);
            } else {
                Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private void putAsideWhatAnotherWrote() throws IOException {
        String text = read(file);
        Long pid = text == null || text.equals(written) ? null : runningProcess(text);
        if (pid != null && pid != ProcessHandle.current().pid()) {
            Files.move(file, aside(pid), StandardCopyOption.REPLACE_EXISTING);
            warnings.accept("another build runs servers in this folder (process " + pid
                    + "): tests of both find those of" + " this build in " + file
                    + " until it stops them; build one after the other, or in a copy");
        }
    }

    /** Returns the first list that was moved aside and whose process runs. Deletes the others. */
    private @Nullable Path listOfAnotherThatRuns() throws IOException {
        try (DirectoryStream<Path> asides =
                Files.newDirectoryStream(file.resolveSibling(""), file.getFileName() + ".[0-9]*")) {
            for (Path aside : asides) {
                String text = read(aside);
                if (text != null && runningProcess(text) != null) {
                    return aside;
                }
                Files.deleteIfExists(aside);
            }
        }
        return null;
    }

    /** Returns the path to which another build moves the list of this one. */
    private Path ownAside() {
        return aside(ProcessHandle.current().pid());
    }

    private Path aside(long pid) {
        return file.resolveSibling(file.getFileName() + "." + pid);
    }

    /** Returns null if there is no such file, or if it is not a regular file. */
    private static @Nullable String read(Path file) throws IOException {
        try {
            return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    ? Files.readString(file, StandardCharsets.ISO_8859_1)
                    : null;
        } catch (NoSuchFileException gone) {
            return null;
        }
    }

    /** Returns the process that wrote this list; null if it has ended. */
    private static @Nullable Long runningProcess(String text) throws IOException {
        Properties entries = new Properties();
        entries.load(new StringReader(text));
        try {
            long pid = Long.parseLong(entries.getProperty(PID, ""));
            long started = Long.parseLong(entries.getProperty(STARTED, "0"));
            ProcessHandle process = ProcessHandle.of(pid).orElse(null);
            if (process == null || !process.isAlive()) {
                return null;
            }
            long actual =
                    process.info().startInstant().map(Instant::toEpochMilli).orElse(started);
            return Math.abs(actual - started) <= TOLERANCE_MILLIS ? pid : null;
        } catch (NumberFormatException malformed) {
            return null;
        }
    }

    private static String text(SortedMap<String, String> servers) {
        SortedMap<String, String> all = new TreeMap<>(servers);
        ProcessHandle self = ProcessHandle.current();
        all.put(PID, Long.toString(self.pid()));
        self.info().startInstant().ifPresent(start -> all.put(STARTED, Long.toString(start.toEpochMilli())));
        StringBuilder text = new StringBuilder();
        all.forEach((key, value) ->
                text.append(key).append('=').append(escaped(value)).append('\n'));
        return text.toString();
    }

    /** Escapes what {@link Properties#load} would not read as it is, so that the file has only ASCII characters. */
    private static String escaped(String value) {
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\' || (c == ' ' && i == 0)) {
                escaped.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                escaped.append(String.format("\\u%04X", (int) c));
            } else {
                escaped.append(c);
            }
        }
        return escaped.toString();
    }
}
