package org.echoharness.junit;

import java.io.IOException;
import java.io.Reader;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.echoharness.text.FileErrorText;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The file in which the Maven plugin lists the servers that it runs: the address of each, and its own process. */
record ServersFile(Path path, Properties entries) {

    static final String PARAMETER = "echo.servers.file";

    private static final String IN_BUILD_DIRECTORY = "echo/servers.properties";
    private static final String DEFAULT_PATH = "target/" + IN_BUILD_DIRECTORY;
    private static final Pattern ADDRESS = Pattern.compile("echo\\.server\\.([^.]+)\\.address");

    /** How much two readings of the instant at which a process started may differ. */
    private static final Duration TOLERANCE = Duration.ofSeconds(2);

    static Path locate(Declaration declaration, ExtensionContext context) {
        Path module = Path.of(System.getProperty("basedir", System.getProperty("user.dir", "")));
        return context.getConfigurationParameter(PARAMETER)
                .map(module::resolve)
                .orElseGet(() -> locate(module, context.getTestClass().orElse(declaration.type())));
    }

    /** Finds a build directory of any name: it contains the classes of the tests. */
    static Path locate(Path module, Class<?> test) {
        Path usual = module.resolve(DEFAULT_PATH);
        if (Files.exists(usual)) {
            return usual;
        }
        Path parent = classes(test).getParent();
        for (Path folder = parent; folder != null; folder = folder.getParent()) {
            Path file = folder.resolve(IN_BUILD_DIRECTORY);
            if (Files.exists(file)) {
                return file;
            }
            if (!folder.startsWith(module) || folder.equals(module)) { // a folder above may belong to another project
                break;
            }
        }
        return usual;
    }

    /** Returns the folder or jar that a class was loaded from; an empty path if there is none. */
    private static Path classes(Class<?> test) {
        try {
            CodeSource source = test.getProtectionDomain().getCodeSource();
            URL location = source == null ? null : source.getLocation();
            return location == null ? Path.of("") : Path.of(location.toURI());
        } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException none) {
            return Path.of("");
        }
    }

    /** Returns null if there is no such file. */
    static @Nullable ServersFile read(Path path) throws IOException {
        Properties entries = new Properties();
        try (Reader reader = Files.newBufferedReader(path)) {
            entries.load(reader);
        } catch (NoSuchFileException none) {
            return null;
        } catch (IOException | IllegalArgumentException unreadable) {
            throw new IOException(
                    path + " cannot be read (" + FileErrorText.reason(unreadable)
                            + "); delete it, and run echo:start again",
                    unreadable);
        }
        return new ServersFile(path, entries);
    }

    /**
     * Returns why the file is stale; null if the process that wrote it still runs, as far as this process can find out.
     */
    @Nullable
    String staleness() {
        Long pid = number("echo.pid");
        if (pid == null) {
            return null;
        }
        ProcessHandle process = ProcessHandle.of(pid).orElse(null);
        if (process == null || !process.isAlive()) {
            return "process " + pid + ", which wrote it, has ended";
        }
        Long started = number("echo.started");
        Instant actual = process.info().startInstant().orElse(null);
        if (started == null || actual == null) {
            return null;
        }
        Duration apart = Duration.between(Instant.ofEpochMilli(started), actual).abs();
        return apart.compareTo(TOLERANCE) <= 0
                ? null
                : "process " + pid + ", which wrote it, has ended, and another one has its number";
    }

    @Nullable
    String address(String name) {
        return entries.getProperty("echo.server." + name + ".address");
    }

    /** Returns the file with what clients of a server have to trust; null if it has none. */
    @Nullable
    CertificateFile certificate(String name) {
        String file = entries.getProperty("echo.server." + name + ".certificate");
        return file == null ? null : CertificateFile.of(file, path.toString());
    }

    /** Returns the HTTP interface of the servers; null if they have none. */
    @Nullable
    ExternalControl control() {
        return ExternalControl.of(
                entries.getProperty(ExternalControl.URL, ""),
                entries.getProperty(ExternalControl.TOKEN, ""),
                path.toString());
    }

    /** Returns the names of the servers, for error messages. */
    String names() {
        String names = entries.stringPropertyNames().stream()
                .map(ADDRESS::matcher)
                .filter(Matcher::matches)
                .map(matcher -> "\"" + matcher.group(1) + "\"")
                .sorted()
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? "none" : names;
    }

    private @Nullable Long number(String key) {
        String text = entries.getProperty(key);
        try {
            return text == null ? null : Long.valueOf(text.strip());
        } catch (NumberFormatException malformed) {
            throw new IllegalStateException(
                    path + ": " + key + " (" + text
                            + ") must be a whole number; delete the file, and run echo:start again",
                    malformed);
        }
    }
}
