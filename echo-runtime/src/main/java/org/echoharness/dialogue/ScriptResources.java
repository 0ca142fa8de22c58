package org.echoharness.dialogue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * Finds the file that has a script, and the files that a script sends: a file by its name, or else a resource of the class
 * path. A resource is read when the server is built, and a file when it is sent. The thread that builds the server uses it.
 */
public final class ScriptResources implements DataSource.Finder {

    private static final String CLASS_PATH = "classpath:";
    private static final String FOLDER = " is a folder; name a file in it";
    private static final int MOST_OF_RESOURCE = 16 << 20;
    private static final int MOST_OF_SCRIPT =
            64 << 20; // bytes, of which the parser takes at most 16 million characters
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final String option;
    private final Path directory;
    private final String folder; // of resources; empty, or with a slash at its end

    /** A file that has a script, or a capture of packets to make one from. */
    public static final class ScriptFile {
        private static final List<String> CAPTURES = List.of(".pcapng", ".pcap", ".cap");
        private static final List<Integer> MAGIC = List.of(0x0A0D0D0A, 0xA1B2C3D4, 0xD4C3B2A1, 0xA1B23C4D, 0x4D3CB2A1);

        private static final int GZIP = 0x1F8B; // its first two bytes; of the others the first four
        private static final Map<Integer, String> COMPRESSED =
                Map.of(0x504B0304, "unzip", 0x28B52FFD, "zstd -d", 0xFD377A58, "xz -d", 0x04224D18, "lz4 -d");

        private final String option;
        private final String name;
        private final byte[] bytes;
        private final ScriptResources files;

        ScriptFile(String option, String name, byte[] bytes, ScriptResources files) {
            this.option = option;
            this.name = name;
            this.bytes = bytes;
            this.files = files;
        }

        /** Returns the option and its value, for errors. */
        public String option() {
            return option;
        }

        /** Returns the content. */
        public byte[] bytes() {
            return bytes.clone();
        }

        /** Returns what finds the files that the script sends. */
        public ScriptResources files() {
            return files;
        }

        /** Returns whether the file is a capture, or is called one. */
        public boolean isCapture() {
            boolean isCalledOne = CAPTURES.stream().anyMatch(name::endsWith);
            return isCalledOne
                    || (bytes.length >= 4
                            && MAGIC.contains(ByteBuffer.wrap(bytes).getInt(0)));
        }

        /** Returns the text of the script. */
        public String text() {
            refuseCompressed();
            try {
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
                return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
            } catch (CharacterCodingException noText) {
                throw unreadable(option, noText);
            }
        }

        /** Fails if the file is compressed. A script does not begin as such a file does. */
        private void refuseCompressed() {
            int first = bytes.length < 4 ? 0 : ByteBuffer.wrap(bytes).getInt(0);
            String program = first >>> 16 == GZIP ? "gunzip" : COMPRESSED.get(first);
            if (program != null) {
                throw new IllegalArgumentException(
                        option + " cannot be read: it is compressed; unpack it with " + program);
            }
        }
    }

    private ScriptResources(String option, Path directory, String folder) {
        this.option = option;
        this.directory = directory;
        this.folder = folder;
    }

    /** Finds files in a directory. */
    public ScriptResources(Path directory) {
        this("script", directory, "");
    }

    private record FileSource(Path file) implements DataSource {
        @Override
        public long size() throws IOException {
            try {
                return Files.size(file);
            } catch (FileSystemException gone) {
                throw unreadable(gone);
            }
        }

        @Override
        public ReadableByteChannel open() throws IOException {
            try {
                return FileChannel.open(file);
            } catch (FileSystemException gone) {
                throw unreadable(gone);
            }
        }

        private IOException unreadable(FileSystemException gone) {
            String text = "file " + Escaping.quote(file.toString()) + " cannot be read: " + CompleteFile.reason(gone);
            return new IOException(text, gone);
        }
    }

    private static final class ResourceSource implements DataSource {
        private final byte[] bytes;

        ResourceSource(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public ReadableByteChannel open() {
            return Channels.newChannel(new ByteArrayInputStream(bytes));
        }
    }

    @Override
    public DataSource find(String name) {
        String what = option + ": file " + Escaping.quote(name);
        try {
            Path file = file(name);
            if (file != null) {
                FileChannel.open(file).close();
                return new FileSource(file);
            }
            byte[] bytes = resource(folder, name, MOST_OF_RESOURCE);
            if (bytes == null && !folder.isEmpty()) {
                bytes = resource("", name, MOST_OF_RESOURCE);
            }
            if (bytes == null) {
                throw missing(what, name);
            }
            if (bytes.length > MOST_OF_RESOURCE) {
                throw new IllegalArgumentException(
                        what + " is a resource of more than 16MiB; put it beside the class path as a file");
            }
            return new ResourceSource(bytes);
        } catch (IOException | InvalidPathException failed) {
            throw unreadable(what, failed);
        }
    }

    /** Reads a script from a file or a resource. The names of the files that it sends begin at its folder. */
    public ScriptFile script(String name) {
        String what = "scriptFile (" + Escaping.escape(name) + ")";
        try {
            Path file = file(name);
            if (file != null) {
                return script(what, name, file);
            }
            byte[] bytes = resource("", name, MOST_OF_SCRIPT);
            if (bytes == null) {
                throw missing(what, name);
            }
            String resource = nameOnClassPath(name);
            String parent = resource.substring(0, resource.lastIndexOf('/') + 1);
            return new ScriptFile(what, name, checked(what, bytes), new ScriptResources(what, directory, parent));
        } catch (IOException | InvalidPathException failed) {
            throw unreadable(what, failed);
        }
    }

    /** Reads a script from a file. The names of the files that it sends begin at its folder. */
    public static ScriptFile script(Path file) {
        String what = "scriptFile (" + Escaping.escape(file.toString()) + ")";
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(what + FOLDER);
        }
        try {
            return script(what, file.toString(), file);
        } catch (IOException failed) {
            throw unreadable(what, failed);
        }
    }

    private static ScriptFile script(String what, String name, Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path parent = absolute.getParent();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = checked(what, in.readNBytes(MOST_OF_SCRIPT + 1));
            return new ScriptFile(what, name, bytes, new ScriptResources(what, parent == null ? absolute : parent, ""));
        }
    }

    private static byte[] checked(String what, byte[] bytes) {
        if (bytes.length > MOST_OF_SCRIPT) {
            throw new IllegalArgumentException(what + " must be at most " + (MOST_OF_SCRIPT >> 20)
                    + "MiB; keep fewer connections of a capture, and send long data of a script with file");
        }
        return bytes;
    }

    /** Returns the file of this name, or null if there is none, or if the name is only for the class path. */
    private @Nullable Path file(String name) {
        if (name.startsWith(CLASS_PATH)) {
            return null;
        }
        Path file = directory.resolve(name);
        return Files.isRegularFile(file) ? file : null;
    }

    /** Returns the bytes of a resource, at most one more than this, or null if there is none. */
    private static byte @Nullable [] resource(String folder, String name, int most) throws IOException {
        String path = folder + nameOnClassPath(name);
        ClassLoader ofThread = Thread.currentThread().getContextClassLoader();
        InputStream found = ofThread == null ? null : ofThread.getResourceAsStream(path);
        ClassLoader ours = ScriptResources.class.getClassLoader();
        if (found == null) {
            found = ours == null ? ClassLoader.getSystemResourceAsStream(path) : ours.getResourceAsStream(path);
        }
        if (found == null) {
            return null;
        }
        try (InputStream in = found) {
            return in.readNBytes(most + 1);
        }
    }

    private static String nameOnClassPath(String name) {
        String path = name.startsWith(CLASS_PATH) ? name.substring(CLASS_PATH.length()) : name;
        return path.startsWith("/") ? path.substring(1) : path;
    }

    private IllegalArgumentException missing(String what, String name) {
        if (!name.startsWith(CLASS_PATH) && Files.isDirectory(directory.resolve(name))) {
            return new IllegalArgumentException(what + FOLDER);
        }
        String file = name.startsWith(CLASS_PATH)
                ? " is not"
                : " is neither a file ("
                        + Escaping.escape(
                                directory.resolve(name).toAbsolutePath().toString()) + ") nor";
        return new IllegalArgumentException(what + file + " on the class path");
    }

    private static IllegalArgumentException unreadable(String what, Exception failed) {
        String why = failed instanceof CharacterCodingException
                ? "it is not text in UTF-8"
                : failed instanceof FileSystemException system
                        ? CompleteFile.reason(system)
                        : Escaping.escape(String.valueOf(failed.getMessage()));
        return new IllegalArgumentException(what + " cannot be read: " + why, failed);
    }
}
