package org.echoharness.sockets;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * The file of a server's Unix socket. A socket is bound under a private name, in a folder that only its owner can enter, gets
 * mode 0600 there, and is then linked to its own name: nobody else can connect before the mode is set. The file is
 * removed at the close, and also when the JVM exits or a signal ends it. One thread at a time uses it.
 */
public final class UnixSocketFile {

    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-------");
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final String NAME = "echo.sock"; // in a private temporary folder
    private static final String STAGED = "s";
    private static final int MOST_TRIES = 3; // to replace a file that others replace, too
    private static final int TYPE = 0170000; // the bits of a file's mode that say what it is
    private static final int SOCKET = 0140000;

    /** The files of all servers of this JVM. It has a shutdown hook as long as there is one. */
    private static final class OpenFiles {
        private final Set<UnixSocketFile> files = new HashSet<>();
        private @Nullable Thread hook;

        synchronized UnixSocketFile add(UnixSocketFile file) {
            files.add(file);
            if (hook == null) {
                Thread removing = new Thread(this::deleteAll, "echo removing sockets");
                try {
                    Runtime.getRuntime().addShutdownHook(removing);
                    hook = removing;
                } catch (IllegalStateException ending) {
                    // the JVM exits already
                }
            }
            return file;
        }

        synchronized void remove(UnixSocketFile file) {
            files.remove(file);
            Thread removing = hook;
            if (files.isEmpty() && removing != null) {
                hook = null;
                try {
                    Runtime.getRuntime().removeShutdownHook(removing);
                } catch (IllegalStateException ending) {
                    // the hook runs
                }
            }
        }

        /** Returns whether another server has made a file of this name. It need not listen now. */
        synchronized boolean has(Object key) {
            return files.stream().anyMatch(file -> key.equals(file.key));
        }

        private synchronized void deleteAll() {
            for (UnixSocketFile file : files) {
                try {
                    file.delete();
                } catch (IOException left) {
                    // nobody is left to be told
                }
            }
        }
    }

    private static final OpenFiles OPEN = new OpenFiles();

    private final String asked; // for errors
    private final Path path;
    private final @Nullable Path folder; // the private temporary one; null if the path was given
    private volatile @Nullable Object key; // of the file that was made last

    private UnixSocketFile(String asked, Path path, @Nullable Path folder) {
        this.asked = asked;
        this.path = path;
        this.folder = folder;
    }

    /**
     * Prepares the file of an address. Call {@link #listen}, and at the end {@link #close}.
     *
     * @param given the path; empty for a file in a private temporary folder
     * @throws BindException if this system or the path cannot be used; the message names the address and the cure
     */
    public static UnixSocketFile of(Path given) throws IOException {
        String asked = UnixNames.text(given);
        if (!given.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            throw refused(asked, "this system has no file modes, which keep other users out", "take host:port", null);
        }
        if (!given.toString().isEmpty()) {
            Path path = given.toAbsolutePath();
            int bytes = UnixNames.length(path);
            if (!UnixNames.fits(path)) {
                throw refused(asked, UnixNames.tooLong(path.toString(), bytes), UnixNames.SHORTER, null);
            }
            return OPEN.add(new UnixSocketFile(asked, path, null));
        }
        Path folder = makeFolder(asked, null);
        Path path = folder.resolve(NAME);
        if (!UnixNames.fits(path)) {
            Files.delete(folder);
            throw refused(
                    asked,
                    UnixNames.tooLong(path.toString(), UnixNames.length(path)),
                    "set java.io.tmpdir to a shorter path",
                    null);
        }
        return OPEN.add(new UnixSocketFile(asked, path, folder));
    }

    /** Returns the address of the server, with an absolute path. */
    public SocketAddress address() {
        return UnixDomainSocketAddress.of(path);
    }

    /** Returns the absolute path. */
    public Path path() {
        return path;
    }

    /**
     * Opens a socket that listens. A file that this object has made before is replaced in one step: no connect fails for
     * the lack of a file. Another file is replaced only if it is a socket behind which nobody listens.
     *
     * @throws BindException if the path is taken or cannot be used; the message names the address and the cure
     */
    public ServerSocketChannel listen(int backlog) throws IOException {
        Path staging = makeFolder(asked, folder == null ? parent() : folder);
        Path staged = staging.resolve(STAGED);
        ServerSocketChannel channel = null;
        try {
            channel = bind(staged, backlog);
            Files.setPosixFilePermissions(staged, MODE);
            publish(staged, staging.resolve("old"));
            return channel;
        } catch (FileSystemException refused) {
            close(channel);
            throw refused(asked, CompleteFile.reason(refused), "take another path, or unix: alone", refused);
        } catch (Throwable failed) {
            close(channel);
            throw failed;
        } finally {
            Files.deleteIfExists(staged);
            Files.deleteIfExists(staging);
        }
    }

    private Path parent() {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    private static void close(@Nullable ServerSocketChannel channel) throws IOException {
        if (channel != null) {
            channel.close();
        }
    }

    private static Path makeFolder(String asked, @Nullable Path parent) throws IOException {
        try {
            return parent == null
                    ? Files.createTempDirectory("echo", PRIVATE)
                    : Files.createTempDirectory(parent, ".echo", PRIVATE);
        } catch (FileSystemException refused) {
            Path where = parent == null ? Path.of(System.getProperty("java.io.tmpdir")) : parent;
            String reason = Files.isDirectory(where)
                    ? CompleteFile.reason(refused)
                    : "there is no folder " + Escaping.escape(where.toString());
            throw refused(asked, reason, "create the folder, or write unix: alone for one of its own", refused);
        }
    }

    private ServerSocketChannel bind(Path staged, int backlog) throws IOException {
        if (UnixNames.fits(staged)) {
            return open(staged, backlog);
        }
        Path temporary = makeFolder(asked, null);
        Path link = temporary.resolve("l");
        try { // a shorter name of the same folder
            Files.createSymbolicLink(link, staged.resolveSibling("."));
            return open(link.resolve(staged.getFileName()), backlog);
        } finally {
            Files.deleteIfExists(link);
            Files.delete(temporary);
        }
    }

    private ServerSocketChannel open(Path name, int backlog) throws IOException {
        ServerSocketChannel channel = null;
        try {
            channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            return channel.bind(UnixDomainSocketAddress.of(name), backlog);
        } catch (UnsupportedOperationException none) {
            throw refused(asked, "this system has no Unix sockets", "take host:port", none);
        } catch (SocketException failed) {
            close(channel);
            throw refused(asked, String.valueOf(failed.getMessage()), "take another path, or unix: alone", failed);
        }
    }

    /** Gives the file its own name. Fails if that is taken by another file, unless nobody listens behind it. */
    private void publish(Path staged, Path old) throws IOException {
        Object mine = keyOf(staged);
        for (int tries = 1; ; tries++) {
            try {
                if (isMine()) {
                    Files.move(staged, path, StandardCopyOption.ATOMIC_MOVE);
                } else {
                    link(staged);
                }
                key = mine;
                return;
            } catch (FileAlreadyExistsException taken) {
                if (tries == MOST_TRIES) {
                    throw busy(null);
                }
                takeAway(deadKey(), old);
            }
        }
    }

    private void link(Path staged) throws IOException {
        try {
            Files.createLink(path, staged);
        } catch (FileAlreadyExistsException taken) {
            throw taken;
        } catch (UnsupportedOperationException | FileSystemException noLinksHere) {
            Files.move(staged, path);
        }
    }

    /** Removes the file with this key, and only this one. */
    private void takeAway(Object dead, Path old) throws IOException {
        try {
            Files.move(path, old, StandardCopyOption.ATOMIC_MOVE);
        } catch (NoSuchFileException gone) {
            return;
        }
        boolean isDead = dead.equals(keyOf(old));
        if (!isDead) {
            link(old); // another server has replaced the dead file in the meantime
        }
        Files.delete(old);
        if (!isDead) {
            throw busy(null);
        }
    }

    /** Returns the key of a left-over socket; throws if somebody listens behind it, or if it is something else. */
    private Object deadKey() throws IOException {
        Object found = keyOf(path);
        if (!isSocket()) {
            throw refused(asked, "there is a file that is no socket", "remove it, or take another path", null);
        }
        if (OPEN.has(found)) {
            throw busy(null); // it refuses connects now
        }
        try {
            UnixConnector.tryConnect(path).close();
        } catch (UnixConnector.QueueFullException full) {
            throw busy(full);
        } catch (ConnectException refused) {
            return found;
        } catch (IOException unknown) {
            String reason = "whether a server listens there is unknown (" + unknown.getMessage() + ")";
            throw refused(asked, reason, "remove the file, or take another path", unknown);
        }
        throw busy(null);
    }

    private boolean isSocket() throws IOException {
        int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        return (mode & TYPE) == SOCKET;
    }

    private BindException busy(@Nullable Exception cause) {
        return refused(
                asked, "Address already in use", "end what listens there, or take another path, or unix: alone", cause);
    }

    private static BindException refused(String asked, String reason, String cure, @Nullable Exception cause) {
        BindException refused =
                new BindException("cannot listen on " + Escaping.escape(asked) + ": " + reason + "; " + cure);
        refused.initCause(cause);
        return refused;
    }

    /** Returns whether the file is the one that this object has made last. */
    private boolean isMine() throws IOException {
        Object made = key;
        try {
            return made != null && made.equals(keyOf(path));
        } catch (NoSuchFileException gone) {
            return false;
        }
    }

    /** Returns what tells a file from all others, also from one that has its inode later. */
    private static Object keyOf(Path file) throws IOException {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        return Map.entry(found.fileKey(), found.lastModifiedTime());
    }

    /** Removes the file, and its private folder, unless another file has this name by now. Any thread may call it. */
    public void close() throws IOException {
        OPEN.remove(this);
        delete();
    }

    void delete() throws IOException {
        if (isMine()) {
            Files.deleteIfExists(path);
        }
        if (folder != null) {
            Files.deleteIfExists(folder);
        }
    }
}
