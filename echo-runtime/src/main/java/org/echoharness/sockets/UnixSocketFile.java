package org.echoharness.sockets;

import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketAddress;
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
import java.util.Map;
import java.util.Set;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Escaping;
import org.jspecify.annotations.Nullable;

/**
 * The file of a server's Unix socket. A socket is bound under a private name, in a folder that only its owner can enter, gets
 * mode 0600 there, and is then linked to its own name: nobody else can connect before the mode is set. The file is
 * removed at the close, and also when the JVM exits or a signal ends it. Any thread may call the methods.
 */
public final class UnixSocketFile implements Closeable {

    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-------");
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final String NAME = "echo.sock"; // in a private temporary folder
    private static final String STAGED = "s";
    private static final int MOST_TRIES = 3; // to replace a file that others replace, too
    private static final int TYPE = 0170000; // the bits of a file's mode that say what it is
    private static final int SOCKET = 0140000;

    private static final ExitRegistry<UnixSocketFile> OPEN = new ExitRegistry<>("echo removing sockets");

    private final String asked; // for errors
    private final Path path;
    private final @Nullable Path folder; // the private temporary one; null if the path was given
    private volatile @Nullable Object key; // of the file that was made last
    private @Nullable ServerSocketChannel last; // that was opened
    private boolean isClosed;

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
        try {
            return OPEN.add(() -> given.toString().isEmpty() ? inPrivateFolder(asked) : at(asked, given));
        } catch (IllegalStateException exiting) {
            throw exits(asked);
        }
    }

    private static UnixSocketFile at(String asked, Path given) throws IOException {
        Path path = given.toAbsolutePath();
        if (!UnixNames.fits(path)) {
            String reason = UnixNames.tooLong(path.toString(), UnixNames.length(path));
            throw refused(asked, reason, UnixNames.SHORTER, null);
        }
        return new UnixSocketFile(asked, path, null);
    }

    private static UnixSocketFile inPrivateFolder(String asked) throws IOException {
        Path folder = makeFolder(asked, null);
        Path path = folder.resolve(NAME);
        if (!UnixNames.fits(path)) {
            Files.delete(folder);
            String reason = UnixNames.tooLong(path.toString(), UnixNames.length(path));
            throw refused(asked, reason, "set java.io.tmpdir to a shorter path", null);
        }
        return new UnixSocketFile(asked, path, folder);
    }

    private static BindException exits(String asked) {
        return refused(asked, "the JVM exits, and would leave the file", "start the server earlier", null);
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
    public synchronized ServerSocketChannel listen(int backlog) throws IOException {
        if (isClosed) {
            throw exits(asked);
        }
        refuseFolder();
        Path staging = makeFolder(asked, folder == null ? parent() : folder);
        Path staged = staging.resolve(STAGED);
        Path old = staging.resolve("old");
        ServerSocketChannel channel = null;
        try {
            channel = bind(staged, backlog);
            Files.setPosixFilePermissions(staged, MODE);
            publish(staged, old);
            last = channel;
            return channel;
        } catch (FileSystemException refused) {
            SocketChannels.closeAfter(refused, channel);
            throw refused(asked, CompleteFile.reason(refused), "take another path, or unix: alone", refused);
        } catch (Throwable failed) {
            SocketChannels.closeAfter(failed, channel);
            throw failed;
        } finally {
            Files.deleteIfExists(staged);
            Files.deleteIfExists(old);
            Files.deleteIfExists(staging);
        }
    }

    private void refuseFolder() throws BindException {
        if (Files.isDirectory(path)) {
            String example = UnixNames.text(path.resolve(NAME));
            throw refused(
                    asked,
                    "that is a folder",
                    "write the name of a file in it, such as " + Escaping.escape(example),
                    null);
        }
    }

    private Path parent() {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    private static Path makeFolder(String asked, @Nullable Path parent) throws IOException {
        try {
            return parent == null
                    ? Files.createTempDirectory("echo", PRIVATE)
                    : Files.createTempDirectory(parent, ".echo", PRIVATE);
        } catch (FileSystemException refused) {
            Path where = parent == null ? Path.of(System.getProperty("java.io.tmpdir")) : parent;
            if (!Files.isDirectory(where)) {
                String missing = "there is no folder " + Escaping.escape(where.toString());
                // without the cause, whose message is a name that nobody has chosen
                throw refused(asked, missing, "create the folder, or write unix: alone for one of its own", null);
            }
            throw refused(
                    asked,
                    "no file can be made in " + Escaping.escape(where.toString()) + " (" + CompleteFile.reason(refused)
                            + ")",
                    "take another path, or write unix: alone for a folder of its own",
                    null);
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
        } catch (IOException failed) {
            SocketChannels.closeAfter(failed, channel);
            throw refused(asked, String.valueOf(failed.getMessage()), "take another path, or unix: alone", failed);
        } catch (Throwable failed) {
            SocketChannels.closeAfter(failed, channel);
            throw failed;
        }
    }

    /** Gives the file its own name. Fails if that is taken by another file, unless nobody listens behind it. */
    private void publish(Path staged, Path old) throws IOException {
        Object mine = keyOf(staged);
        for (int tries = 1; ; tries++) {
            try {
                if (!replaceOwn(staged)) {
                    link(staged);
                }
                key = mine;
                return;
            } catch (FileAlreadyExistsException taken) {
                if (tries == MOST_TRIES) {
                    throw busy(null);
                }
                removeLeftOver(old);
            }
        }
    }

    private PathClaim claim() throws IOException {
        try {
            return PathClaim.on(path);
        } catch (FileAlreadyExistsException claimed) {
            String file = Escaping.escape(claimed.getFile());
            String reason = "Address already in use: another server replaces the file, or was killed while it did";
            throw refused(asked, reason, "end it, or remove " + file, claimed);
        }
    }

    private boolean replaceOwn(Path staged) throws IOException {
        if (!isMine()) {
            return false;
        }
        PathClaim claim = claim();
        try (claim) {
            boolean isStillMine = isMine();
            if (isStillMine) {
                Files.move(staged, path, StandardCopyOption.ATOMIC_MOVE);
            }
            return isStillMine;
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

    /**
     * Removes a left-over socket, if there is one now. The caller's next try says whether the path is free.
     *
     * @throws BindException if somebody listens behind the file, or if it is something else
     */
    private void removeLeftOver(Path old) throws IOException {
        PathClaim claim = claim();
        try (claim) {
            Object found = keyOf(path);
            checkIsLeftOver(found);
            if (!found.equals(keyOf(path))) {
                return;
            }
            Files.move(path, old, StandardCopyOption.ATOMIC_MOVE);
            if (!found.equals(keyOf(old))) {
                link(old); // a program that makes no claims has replaced the file at this moment
            }
        } catch (NoSuchFileException | UnixConnector.MissingFileException gone) {
            return; // its server has closed at this moment; another one may have the name by now
        }
    }

    /** Throws if somebody listens behind the file with this key, or if it is no socket. */
    private void checkIsLeftOver(Object found) throws IOException {
        if (!isSocket()) {
            throw refused(asked, "there is a file that is no socket", "remove it, or take another path", null);
        }
        if (OPEN.has(file -> found.equals(file.key))) {
            throw busy(null); // it refuses connects now
        }
        try {
            UnixConnector.tryConnect(path).close();
        } catch (UnixConnector.QueueFullException full) {
            throw busy(full);
        } catch (ConnectException refused) {
            return;
        } catch (UnixConnector.MissingFileException gone) {
            throw gone;
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

    /**
     * Removes the file, and its private folder, unless another file has this name by now. Call it before the socket is
     * closed: as long as somebody listens behind the file, no other server takes it away. Any thread may call it.
     */
    @Override
    public void close() throws IOException {
        try {
            remove();
        } finally {
            OPEN.remove(this);
        }
    }

    private synchronized void remove() throws IOException {
        isClosed = true;
        if (isMine()) {
            if (last != null && last.isOpen()) {
                Files.deleteIfExists(path);
            } else {
                removeClaimed();
            }
        }
        if (folder != null) {
            Files.deleteIfExists(folder);
        }
    }

    /** Nobody listens behind the file, so that another server may replace it now. */
    private void removeClaimed() throws IOException {
        PathClaim claim = claim();
        try (claim) {
            if (isMine()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
