package org.echoharness.junit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.echoharness.Recording;
import org.echoharness.RecordingFiles;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store;

/**
 * Publishes the files of failed tests in JUnit's output directory. When a test runs again, this class deletes its files
 * of an earlier run, so that all files there are of the last run. Any thread may use it.
 */
final class Attachments {

    private static final String PREFIX = "echo-";
    private static final String PROBE = PREFIX + "probe-";

    /** The limit for all files of one test together. */
    static final long MOST_BYTES = 6 << 20;

    private static final String LIMIT = "limit of attachments of ";

    private Attachments() {}

    /** Returns a line that says what the limit left out, or an empty text if the files are complete. */
    static String leftOut(RecordingFiles files) {
        return files.leftOutOfTranscript() + files.leftOutOfPage() + files.leftOutOfPackets() + files.leftOutOfScript()
                        == 0
                ? ""
                : "(the attachments of a test are limited to " + (MOST_BYTES >> 20)
                        + " MiB: they contain the newest connections; left out are " + files.leftOutOfTranscript()
                        + " of "
                        + files.transcript().getFileName() + ", " + files.leftOutOfPage() + " of "
                        + files.page().getFileName() + ", " + files.leftOutOfPackets() + " of "
                        + files.packets().getFileName() + ", " + files.leftOutOfScript() + " of "
                        + files.script().getFileName() + ")\n";
    }

    /** Deletes the files that an earlier run left for this test, or for this class itself. */
    static void deleteOld(ExtensionContext context) {
        if (mayExist(context)) {
            probe(context, Attachments::deleteIn);
        }
    }

    /**
     * Publishes transcript, page, pcapng file and script of one server, in place of earlier ones. The files of all servers of a
     * test share one limit.
     */
    static RecordingFiles publish(ExtensionContext context, String server, Recording recording) {
        String name = PREFIX + fileName(server);
        probe(context, home -> delete(home.resolve(name))); // JUnit 5.12 refuses one that exists
        AtomicLong left = ExtensionStore.of(context)
                .getOrComputeIfAbsent(
                        LIMIT + context.getUniqueId(), unused -> new AtomicLong(MOST_BYTES), AtomicLong.class);
        AtomicReference<@Nullable RecordingFiles> published = new AtomicReference<>();
        recording.title(title(context));
        context.publishDirectory(name, directory -> {
            RecordingFiles files = recording.writeFiles(directory, Math.max(0, left.get() / 4));
            left.addAndGet(-Files.size(files.transcript())
                    - Files.size(files.page())
                    - Files.size(files.packets())
                    - Files.size(files.script()));
            published.set(files);
        });
        return Objects.requireNonNull(published.get());
    }

    /** Returns the name of a test or a class for people: {@code LoginTest.retries(EchoServer)}. */
    private static String title(ExtensionContext context) {
        String type = context.getTestClass().map(Class::getName).orElse("");
        String outermost = type.substring(type.lastIndexOf('.') + 1).replace('$', '.');
        String shown = context.getDisplayName();
        return context.getTestMethod()
                .map(method ->
                        outermost + "." + (shown.startsWith(method.getName()) ? shown : method.getName() + " " + shown))
                .orElse(outermost.isEmpty() ? shown : outermost);
    }

    /** Different names get different file names, even if they differ only in characters that are replaced. */
    static String fileName(String name) {
        String safe = name.replaceAll("[^A-Za-z0-9_-]", "_");
        return safe.equals(name) ? name : safe + "-" + Integer.toHexString(name.hashCode());
    }

    /** Looks once for each class: if an earlier run left no files of the class, its tests have nothing to delete. */
    private static boolean mayExist(ExtensionContext context) {
        ExtensionContext outermost = context;
        for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
            if (at.getElement().orElse(null) instanceof Class<?>) {
                outermost = at;
            }
        }
        ExtensionContext type = outermost;
        Store store = ExtensionStore.of(type);
        Object found = store.getOrComputeIfAbsent(
                Attachments.class, unused -> Boolean.valueOf(probe(type, Attachments::hasEntries)));
        return Boolean.TRUE.equals(found);
    }

    private interface Use {
        boolean of(Path home) throws IOException;
    }

    /**
     * Uses the output directory of a test. JUnit gives the directory only to callers that publish, and creates it. This
     * method publishes nothing, and deletes an empty directory. It returns false if there is no such directory.
     */
    private static boolean probe(ExtensionContext context, Use use) {
        AtomicReference<@Nullable Boolean> result = new AtomicReference<>();
        try {
            context.publishDirectory(PROBE + UUID.randomUUID(), directory -> {
                Path home = Objects.requireNonNull(directory.getParent());
                Files.delete(directory);
                result.set(use.of(home));
                deleteIfEmpty(home);
                throw new NothingPublished();
            });
        } catch (RuntimeException nothingPublished) {
            // expected; if nothing can be published here, publish reports it
        }
        return Boolean.TRUE.equals(result.get());
    }

    private static boolean hasEntries(Path home) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(home)) {
            return entries.iterator().hasNext();
        }
    }

    private static boolean deleteIn(Path home) throws IOException {
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(home, PREFIX + "*")) {
            for (Path directory : directories) {
                delete(directory);
            }
        }
        return true;
    }

    /** Deletes only the files of a recording. Leaves other files and links. */
    private static boolean delete(Path directory) throws IOException {
        if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            RecordingFiles.delete(directory);
            deleteIfEmpty(directory);
        }
        return true;
    }

    private static void deleteIfEmpty(Path directory) throws IOException {
        try {
            Files.delete(directory);
        } catch (DirectoryNotEmptyException | NoSuchFileException inUse) {
            // other files are there, or another thread has deleted it
        }
    }

    /** Keeps JUnit from publishing. */
    private static final class NothingPublished extends UncheckedIOException {

        private static final long serialVersionUID = 1L;

        NothingPublished() {
            super(new IOException("nothing is published"));
        }
    }
}
