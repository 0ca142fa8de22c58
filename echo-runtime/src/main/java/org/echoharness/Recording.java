package org.echoharness;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.echoharness.memory.RecordingMemory;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Escaping;
import org.echoharness.text.TextSize;

/**
 * What happened on the connections of a server, while it happens and afterwards: connections in the order of their accept,
 * each as an immutable snapshot, and waits that need no sleep. Bounded as {@link EchoServer.Builder#recording(int, int)}
 * says. Or what happened on the one connection of a client, which is its number 1. Any thread may use it, also when the
 * server or the client is closed.
 *
 * <p>Every wait has a deadline, 5 seconds unless given, and its error says what was seen.
 */
public final class Recording {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static final int SHOWN = 20; // connections in an error

    private final RecordingStore store;

    Recording(RecordingStore store) {
        this.store = store;
    }

    /**
     * The connections that are kept, rejected ones too.
     *
     * @return snapshots, in the order of their accept
     */
    public List<RecordedConnection> connections() {
        return store.snapshots();
    }

    /**
     * The connections that are open now. Those that are not kept any more, since too many are open, are among them: their
     * bytes are counted, and their events are left out.
     *
     * @return snapshots, in the order of their accept
     */
    public List<RecordedConnection> openConnections() {
        return store.openSnapshots();
    }

    /**
     * The faults that have taken effect so far, on any connection, also on those that are not kept any more.
     *
     * @return a copy; at most 4,096, those that took effect last
     */
    public Set<Fault> appliedFaults() {
        return store.applied();
    }

    /**
     * Adds an event of the kind {@link RecordedEvent.Kind#NOTE} to each connection that is open, so that a reader of the
     * conversation sees what was done from here on: {@code note("the second request")}. Where none is open, it stands with
     * what was done to the server, at the end of the transcript.
     *
     * @param text the note; at most 1,024 characters of it are kept
     */
    public void note(String text) {
        store.noteAll(Escaping.escape(text));
    }

    /**
     * One connection.
     *
     * @param number 1 for the first that was accepted
     * @return a snapshot
     * @throws AssertionError if it has not been accepted, or is not kept any more
     */
    public RecordedConnection connection(long number) {
        RecordedConnection found = number < 1 ? null : store.snapshot(number);
        if (found == null) {
            throw new AssertionError((store.knew(number)
                            ? "connection " + number + " is not kept any more"
                            : "there is no connection " + number)
                    + ": " + summary());
        }
        return found;
    }

    /**
     * How many connections were accepted or rejected, those that are not kept any more too.
     *
     * @return a number of connections
     */
    public long total() {
        return store.accepted();
    }

    /**
     * How many connections are not kept any more.
     *
     * @return a number of connections
     */
    public long leftOut() {
        return store.leftOut();
    }

    /**
     * As {@link #awaitConnections(int, Duration)}, for 5 seconds.
     *
     * @param count how many
     * @return the connections that are kept
     * @throws AssertionError as {@link #awaitConnections(int, Duration)} says
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public List<RecordedConnection> awaitConnections(int count) throws InterruptedException {
        return awaitConnections(count, TIMEOUT);
    }

    /**
     * Waits until this number of connections have been accepted or rejected since the start.
     *
     * @param count the number of connections
     * @param timeout the longest to wait
     * @return the connections that are kept
     * @throws AssertionError at the deadline, or at once where no more can come: the server was closed, or a client's
     *     recording is to have more than its one
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public List<RecordedConnection> awaitConnections(int count, Duration timeout) throws InterruptedException {
        if (count > 1 && store.by() == Ending.Side.CLIENT) {
            throw new AssertionError("awaited " + count
                    + " connections of a client, which has one; await them in the recording of the server");
        }
        Boolean decided = store.await(timeout, () -> (store.over() != null || store.accepted() >= count) ? true : null);
        if (store.accepted() < count) {
            String until = decided == null
                    ? " for " + OptionText.text(timeout)
                    : ", but no more can come, since the server is not running: " + store.over();
            throw new AssertionError("awaited " + connections(count) + until + ": " + summary());
        }
        return connections();
    }

    /**
     * As {@link #awaitQuiet(Duration, Duration)}, for 5 seconds.
     *
     * @param quiet how long nothing is to happen
     * @throws AssertionError at the deadline
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public void awaitQuiet(Duration quiet) throws InterruptedException {
        awaitQuiet(quiet, TIMEOUT);
    }

    /**
     * Waits until nothing has happened on any connection for that long, or the server is closed.
     *
     * @param quiet how long nothing is to happen
     * @param timeout the longest to wait
     * @throws AssertionError at the deadline
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public void awaitQuiet(Duration quiet, Duration timeout) throws InterruptedException {
        if (!store.awaitQuiet(quiet, timeout)) {
            throw new AssertionError("awaited " + OptionText.text(quiet) + " without an event for "
                    + OptionText.text(timeout) + ": " + summary());
        }
    }

    /**
     * Checks how many connections there were, rejected ones too.
     *
     * @param count how many there are to be
     * @throws AssertionError if there were more or fewer, with what was seen
     */
    public void assertConnections(int count) {
        if (total() != count) {
            throw new AssertionError("expected " + connections(count) + ": " + summary());
        }
    }

    /**
     * The most connections that were open at the same time so far. A rejected one was never open. A connection ends when
     * the server has read its client's FIN and sent the rest of the echo, a moment after the client closed it.
     *
     * @return a number of connections
     */
    public int peak() {
        return store.peak();
    }

    /**
     * Checks how many connections were open at the same time, as {@link #peak()} counts them: that a pool keeps its limit.
     *
     * @param count how many there may be
     * @throws AssertionError if there were more, with what was seen
     */
    public void assertAtMostConnections(int count) {
        int most = peak();
        if (most > count) {
            throw new AssertionError("expected at most " + connections(count) + " at the same time, but " + most
                    + (most == 1 ? " was" : " were") + " open: " + summary());
        }
    }

    /**
     * The conversation of all connections that are kept, for people. Where there were several, the milliseconds since the
     * first was accepted follow those of each connection, with a plus sign: {@code 0.123  +4567.890}. What was done to the
     * server as a whole ({@link EchoServer#refuse}, {@link EchoServer#restart}, {@link EchoServer#unanswered}, {@link
     * EchoServer#resume}, {@link EchoServer#freeze}) stands at the end, also where no connection was open: the newest 256
     * times, with the milliseconds since the first connection.
     *
     * <p>The text is in memory as a whole, and may take several times the memory of the recording: each byte that is kept
     * may take four characters. For a large recording, {@link #writeTranscript(Path)} needs little memory.
     *
     * @return lines, each with its end
     */
    public String transcript() {
        StringBuilder text = new StringBuilder();
        try {
            transcribe(connections(), text);
        } catch (IOException impossible) {
            throw new AssertionError(impossible); // it goes into memory
        }
        return text.toString();
    }

    /**
     * The part of {@link #transcript()} that is about one connection: its summary, and a line for each event.
     *
     * @param connection one of this recording
     * @return lines, each with its end
     */
    public String transcript(RecordedConnection connection) {
        StringBuilder text = new StringBuilder();
        try {
            transcribe(connection, text);
        } catch (IOException impossible) {
            throw new AssertionError(impossible); // it goes into memory
        }
        return text.substring(0, text.length() - 1); // without the empty line that separates connections
    }

    /**
     * The part of {@link #transcript()} that is about the server as a whole: a heading, and a line for each of the newest
     * 256 things that were done to it, in order.
     *
     * @return lines, each with its end; empty if nothing was done to it
     */
    public String serverTranscript() {
        StringBuilder text = new StringBuilder();
        serverLines().forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }

    private List<String> serverLines() {
        ServerLog.Snapshot server = store.serverLog();
        List<String> lines = new ArrayList<>();
        if (!server.events().isEmpty()) {
            lines.add(server.of());
            lines.addAll(server.lines());
        }
        return lines;
    }

    /**
     * Writes {@link #transcript()} to a file, in UTF-8. This and the other files are complete or absent: each is written
     * under another name beside its own, and removed if that fails.
     *
     * @param file a new file
     * @throws IOException if it exists, or cannot be written
     */
    public void writeTranscript(Path file) throws IOException {
        CompleteFile.write(file, out -> {
            Writer text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            transcribe(connections(), text);
            text.flush();
        });
    }

    /**
     * As {@link #writeTranscript(Path)}, with a limit: the newest connections, as many as fit. The file says at its end how
     * many are left out.
     *
     * @param file a new file
     * @param mostBytes the most bytes of text about connections
     * @return how many of the connections that are kept are left out
     * @throws IOException if the file exists, or cannot be written
     */
    public int writeTranscript(Path file, long mostBytes) throws IOException {
        List<RecordedConnection> all = connections();
        List<RecordedConnection> fitting =
                RecordingFiles.fitting(all, mostBytes, connection -> TextSize.of(text -> transcribe(connection, text)));
        int left = all.size() - fitting.size();
        CompleteFile.write(file, out -> {
            Writer text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            transcribe(fitting, text);
            if (left > 0) {
                text.append(leftOutText(left, mostBytes)).append('\n');
            }
            text.flush();
        });
        return left;
    }

    private void transcribe(List<RecordedConnection> connections, Appendable out) throws IOException {
        for (RecordedConnection connection : connections) {
            transcribe(connection, out);
        }
        for (String line : remarks()) {
            out.append(line).append('\n');
        }
    }

    /** What is to be said of the recording as a whole: what it does not have, and what was done to the server. */
    private List<String> remarks() {
        List<String> lines = new ArrayList<>();
        if (leftOut() > 0) {
            lines.add("(" + connections(leftOut()) + " more, not kept)");
        }
        lines.addAll(serverLines());
        if (store.isFull()) {
            lines.add("(" + fullText() + ")");
        }
        return lines;
    }

    private void transcribe(RecordedConnection connection, Appendable out) throws IOException {
        out.append(connection.toString()).append('\n');
        Transcript.write(connection, total() > 1, out);
        out.append('\n');
    }

    /**
     * Writes the connections that are kept to a file that Wireshark and {@code tshark} read (pcapng,
     * draft-ietf-opsawg-pcapng). Addresses, ports, times, payload and how the connections ended are those of the recording;
     * the packets are made of them, with headers and sequence numbers of their own. What was done to the server as a whole
     * is a comment of the packet that came next, and with its times in the comment of the file (in Wireshark: <i>Capture
     * File Properties</i>; {@code capinfos}).
     *
     * @param file a new file
     * @throws IOException if it exists, or cannot be written
     */
    public void writePcapng(Path file) throws IOException {
        PcapngFile.write(connections(), store.serverLog(), remarks(), file);
    }

    /**
     * Writes the connections that are kept as one page for a browser, which loads nothing from elsewhere and runs no
     * script.
     *
     * @param file a new file
     * @throws IOException if it exists, or cannot be written
     */
    public void writeHtml(Path file) throws IOException {
        HtmlPage.write(connections(), leftOut(), store.isFull() ? fullText() : "", store.serverLog(), file);
    }

    private static String leftOutText(int left, long mostBytes) {
        return "(" + connections(left) + " left out: the file is limited to " + mostBytes + " bytes)";
    }

    private static String connections(long count) {
        return count + (count == 1 ? " connection" : " connections");
    }

    private static String fullText() {
        return "recordings filled their part of the heap, " + (RecordingMemory.OF_HEAP.most() >> 10)
                + " KiB, so that less was kept; raise -Xmx";
    }

    /**
     * As {@link #writePcapng(Path)}, with a limit: the newest connections, as many as fit.
     *
     * @param file a new file
     * @param mostBytes about the most bytes of the file
     * @return how many of the connections that are kept are left out
     * @throws IOException if the file exists, or cannot be written
     */
    public int writePcapng(Path file, long mostBytes) throws IOException {
        List<RecordedConnection> all = connections();
        List<RecordedConnection> fitting = RecordingFiles.fitting(all, mostBytes, PcapngFile::size);
        int left = all.size() - fitting.size();
        List<String> remarks = new ArrayList<>(remarks());
        if (left > 0) {
            remarks.add(leftOutText(left, mostBytes));
        }
        PcapngFile.write(fitting, store.serverLog(), remarks, file);
        return left;
    }

    /**
     * As {@link #writeHtml(Path)}, with a limit: the newest connections, as many as fit. The page says at its end how many
     * are left out.
     *
     * @param file a new file
     * @param mostBytes the most bytes of text about connections
     * @return how many of the connections that are kept are left out
     * @throws IOException if the file exists, or cannot be written
     */
    public int writeHtml(Path file, long mostBytes) throws IOException {
        List<RecordedConnection> all = connections();
        List<RecordedConnection> fitting = RecordingFiles.fitting(all, mostBytes, HtmlPage::size);
        int left = all.size() - fitting.size();
        String cut = left == 0 ? "" : connections(left) + " left out: the size of this file is limited";
        String full = store.isFull() ? fullText() : "";
        String note = cut + (cut.isEmpty() || full.isEmpty() ? "" : "; ") + full;
        HtmlPage.write(fitting, leftOut(), note, store.serverLog(), file);
        return left;
    }

    /**
     * Writes transcript, page and pcapng file to a folder, under the names that {@link RecordingFiles#names()} gives. Makes
     * the folder if it is missing. Each file is complete or absent, and all three are tried also where one fails.
     *
     * @param folder a folder without such files
     * @return the files
     * @throws IOException the first failure, with the others suppressed: the folder cannot be made, or a file exists or
     *     cannot be written; a {@link java.nio.file.FileSystemException} that names it
     */
    public RecordingFiles writeFiles(Path folder) throws IOException {
        return RecordingFiles.write(
                folder,
                file -> {
                    writeTranscript(file);
                    return 0;
                },
                file -> {
                    writeHtml(file);
                    return 0;
                },
                file -> {
                    writePcapng(file);
                    return 0;
                });
    }

    /**
     * As {@link #writeFiles(Path)}, with a limit: the newest connections, as many as fit into each file.
     *
     * @param folder a folder without such files
     * @param mostBytes the limit of each file, as {@link #writeTranscript(Path, long)} says
     * @return the files, and how many connections are left out of each
     * @throws IOException as {@link #writeFiles(Path)} says
     */
    public RecordingFiles writeFiles(Path folder, long mostBytes) throws IOException {
        return RecordingFiles.write(
                folder,
                file -> writeTranscript(file, mostBytes),
                file -> writeHtml(file, mostBytes),
                file -> writePcapng(file, mostBytes));
    }

    private String summary() {
        List<RecordedConnection> all = connections();
        List<String> lines = new ArrayList<>();
        lines.add("saw " + total());
        for (RecordedConnection connection : all.subList(0, Math.min(all.size(), SHOWN))) {
            lines.add(connection.toString());
        }
        if (all.size() > SHOWN) {
            lines.add("and " + (all.size() - SHOWN) + " more");
        }
        return String.join("\n  ", lines);
    }
}
