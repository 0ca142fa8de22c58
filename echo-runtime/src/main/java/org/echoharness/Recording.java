package org.echoharness;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.echoharness.memory.RecordingMemory;
import org.echoharness.page.PageHead;
import org.echoharness.replay.ScriptLines;
import org.echoharness.text.CompleteFile;
import org.echoharness.text.Quantities;
import org.echoharness.text.ServerLog;
import org.echoharness.text.TextSize;
import org.jspecify.annotations.Nullable;

/**
 * Records what happens on the connections of a server, or on the one connection of a client, which has the number 1. It
 * returns immutable snapshots of connections in the order of their accept, and waits for events without sleeping. {@link
 * EchoServer.Builder#recording(int, int)} describes its limits. Any thread may use it, even after the server or the client
 * was closed.
 *
 * <p>Every wait has a deadline, 5 seconds by default. Its error shows what the recording has seen.
 */
public final class Recording {

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static final int SHOWN = 20; // connections in an error

    private final Source source;

    /** Where a recording is kept: in this process, or by a server in another one. A text that it gets is not escaped. */
    interface Source {

        Ending.Side by();

        /** Returns how many connections were accepted or rejected. */
        long accepted();

        /** Returns whether there was a connection with this number. */
        boolean knew(long number);

        long leftOut();

        int peak();

        /** Returns why no further connection can come; null while one may come. */
        @Nullable
        String over();

        /** Returns whether memory was too short to keep all that was to be recorded. */
        boolean isFull();

        /** Returns the plan in force; null in the recording of a client. */
        @Nullable
        FaultPlan plan();

        Set<Fault> applied();

        /** Returns what was done to the server as a whole. */
        ServerLog.Snapshot serverLog();

        /** Returns what the recording is of, escaped. */
        String title();

        void title(String of);

        /** Adds a note to each open connection, or to the server if there is none. */
        void noteAll(String text);

        List<RecordedConnection> snapshots();

        /** Returns the open connections in the order of their accept. Some of them may keep nothing more. */
        List<RecordedConnection> openSnapshots();

        @Nullable
        RecordedConnection snapshot(long number);

        /** Waits until so many connections were accepted or no more can come. Returns false at the deadline. */
        boolean awaitAccepted(int count, Duration timeout) throws InterruptedException;

        /** Waits until nothing has happened for a time or can happen any more. Returns false at the deadline. */
        boolean awaitQuiet(Duration quiet, Duration timeout) throws InterruptedException;
    }

    Recording(Source source) {
        this.source = source;
    }

    /**
     * Returns the connections that are kept, including rejected ones.
     *
     * @return snapshots, in the order of their accept
     */
    public List<RecordedConnection> connections() {
        return source.snapshots();
    }

    /**
     * Returns the connections that are open now. They include those that are not kept any more because too many are open;
     * of these, bytes are counted and events are left out.
     *
     * @return snapshots, in the order of their accept
     */
    public List<RecordedConnection> openConnections() {
        return source.openSnapshots();
    }

    /**
     * Returns the faults that have taken effect on any connection so far, including those that are not kept any more.
     *
     * @return a copy; at most the 4,096 faults that took effect last
     */
    public Set<Fault> appliedFaults() {
        return source.applied();
    }

    /**
     * Sets the title of the page that {@link #writeHtml(Path)} writes, for instance the name of a test. Without one, the
     * title is {@code Echo conversation}.
     *
     * @param title the title; at most 1,024 characters of it are kept
     */
    public void title(String title) {
        source.title(title);
    }

    /**
     * Adds an event of the kind {@link RecordedEvent.Kind#NOTE} to each open connection. It marks the place in the
     * conversation for the reader: {@code note("the second request")}. If no connection is open, the note appears at the
     * end of the transcript, together with what was done to the server.
     *
     * @param text the note; at most 1,024 characters of it are kept
     */
    public void note(String text) {
        source.noteAll(text);
    }

    /**
     * Returns one connection.
     *
     * @param number 1 for the first accepted connection
     * @return a snapshot
     * @throws AssertionError if the connection has not been accepted, or is not kept any more
     */
    public RecordedConnection connection(long number) {
        RecordedConnection found = number < 1 ? null : source.snapshot(number);
        boolean wasThere = source.knew(number);
        if (found == null && wasThere) {
            found = source.snapshot(number); // it may have come in between
        }
        if (found == null) {
            throw new AssertionError(
                    (wasThere ? "connection " + number + " is not kept any more" : "there is no connection " + number)
                            + ": " + summary());
        }
        return found;
    }

    /**
     * Returns how many connections were accepted or rejected, including those that are not kept any more.
     *
     * @return a number of connections
     */
    public long total() {
        return source.accepted();
    }

    /**
     * Returns how many connections are not kept any more.
     *
     * @return a number of connections
     */
    public long leftOut() {
        return source.leftOut();
    }

    /**
     * Waits until this number of connections have come, for 5 seconds. See {@link #awaitConnections(int, Duration)}.
     *
     * @param count the number of connections
     * @return the connections that are kept
     * @throws AssertionError if they do not come, as {@link #awaitConnections(int, Duration)} describes
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
     * @param timeout the longest time to wait
     * @return the connections that are kept
     * @throws AssertionError at the deadline, or at once if no more can come, because the server was closed or because a
     *     client's recording has only one
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public List<RecordedConnection> awaitConnections(int count, Duration timeout) throws InterruptedException {
        if (count > 1 && source.by() == Ending.Side.CLIENT) {
            throw new AssertionError("awaited " + count
                    + " connections of a client, which has one; await them in the recording of the server");
        }
        boolean isDecided = source.awaitAccepted(count, timeout);
        if (source.accepted() < count) {
            String until = isDecided
                    ? ", but no more can come, since the server is not running: " + source.over()
                    : " for " + Quantities.text(timeout);
            throw new AssertionError("awaited " + connections(count) + until + ": " + summary());
        }
        return connections();
    }

    /**
     * Waits until nothing has happened for a time, for 5 seconds. See {@link #awaitQuiet(Duration, Duration)}.
     *
     * @param quiet how long nothing must happen
     * @throws AssertionError at the deadline
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public void awaitQuiet(Duration quiet) throws InterruptedException {
        awaitQuiet(quiet, TIMEOUT);
    }

    /**
     * Waits until nothing has happened on any connection for a time, or until the server is closed.
     *
     * @param quiet how long nothing must happen
     * @param timeout the longest time to wait
     * @throws AssertionError at the deadline
     * @throws IllegalStateException if it would have to wait in a callback of the server
     * @throws InterruptedException if the thread is interrupted
     */
    public void awaitQuiet(Duration quiet, Duration timeout) throws InterruptedException {
        if (!source.awaitQuiet(quiet, timeout)) {
            throw new AssertionError("awaited " + Quantities.text(quiet) + " without an event for "
                    + Quantities.text(timeout) + ": " + summary());
        }
    }

    /**
     * Checks how many connections there were, including rejected ones.
     *
     * @param count the number of connections that there must be
     * @throws AssertionError if there were more or fewer, with what was seen
     */
    public void assertConnections(int count) {
        if (total() != count) {
            throw new AssertionError("expected " + connections(count) + ": " + summary());
        }
    }

    /**
     * Returns the most connections that were open at the same time so far. A rejected one does not count as open. A
     * connection that its client closes stays open until the server has read the FIN and sent the rest of the echo.
     *
     * @return a number of connections
     */
    public int peak() {
        return source.peak();
    }

    /**
     * Checks how many connections were open at the same time, as {@link #peak()} counts them. A test of a connection pool
     * can check the pool's limit with it.
     *
     * @param count the most connections that there may be
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
     * Returns the conversation of all kept connections as text. If there were several connections, each line has two times
     * in milliseconds: since the accept of its connection and, with a plus sign, since the accept of the first connection:
     * {@code 0.123  +4567.890}. The end of the text lists the last 256 things that were done to the server as a whole
     * ({@link EchoServer#refuse}, {@link EchoServer#restart}, {@link EchoServer#unanswered}, {@link EchoServer#resume},
     * {@link EchoServer#freeze}), with the milliseconds since the first connection.
     *
     * <p>The whole text is in memory. It may take several times the memory of the recording, because each kept byte may take
     * four characters. For a large recording use {@link #writeTranscript(Path)}, which needs little memory.
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
     * Returns the part of {@link #transcript()} about one connection: its summary, and a line for each event.
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
     * Returns the part of {@link #transcript()} about the server as a whole: a heading, and a line for each of the last 256
     * things that were done to it, in order.
     *
     * @return lines, each with its end; empty if nothing was done to it
     */
    public String serverTranscript() {
        StringBuilder text = new StringBuilder();
        serverLines().forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }

    private List<String> serverLines() {
        ServerLog.Snapshot server = source.serverLog();
        List<String> lines = new ArrayList<>();
        if (!server.events().isEmpty()) {
            lines.add(server.of());
            lines.addAll(server.lines());
        }
        return lines;
    }

    /**
     * Writes {@link #transcript()} to a file, in UTF-8. The file is complete or absent, as are those of the other methods:
     * each is written under a temporary name in the same folder, and removed if that fails. A file that exists is not
     * replaced; {@link #writeFiles} replaces its own.
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
     * Writes the transcript of the newest connections, as many as fit, to a file. The end of the file states how many are
     * left out. See {@link #writeTranscript(Path)}.
     *
     * @param file a new file
     * @param mostBytes the most bytes of text about connections
     * @return how many of the kept connections are left out
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

    /** Returns the lines about the recording as a whole: what it does not keep, and what was done to the server. */
    private List<String> remarks() {
        List<String> lines = new ArrayList<>();
        if (leftOut() > 0) {
            lines.add("(" + connections(leftOut()) + " more, not kept)");
        }
        lines.addAll(serverLines());
        if (source.isFull()) {
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
     * Writes the kept connections to a pcapng file (draft-ietf-opsawg-pcapng), which Wireshark and {@code tshark} read.
     * Addresses, ports, times, payload and the ends of connections are those of the recording. The packets are constructed
     * from them, and do not have the original headers and sequence numbers. What was done to the server as a whole is a
     * comment of the packet that came next. The comment of the file lists it with the times (Wireshark shows it in
     * <i>Capture File Properties</i>, and {@code capinfos} prints it).
     *
     * @param file a new file
     * @throws IOException if it exists, or cannot be written
     */
    public void writePcapng(Path file) throws IOException {
        PcapngFile.write(connections(), source.serverLog(), remarks(), file);
    }

    /**
     * Writes the kept connections as one page for a browser. The page loads nothing from elsewhere. Its only script
     * filters connections and shows bytes in hexadecimal; without it, the page still shows everything.
     *
     * @param file a new file
     * @throws IOException if it exists, or cannot be written
     */
    public void writeHtml(Path file) throws IOException {
        HtmlPage.write(connections(), about(source.isFull() ? fullText() : ""), file);
    }

    /**
     * Returns a script with which a server does again what this server did: one rule for each connection, with the number
     * that the connection has here. What the client sent becomes {@code expect}, what the server sent becomes {@code send},
     * and FIN and RST become {@code expect fin}, {@code half-close}, {@code close} and {@code reset}. A TLS handshake after
     * clear text becomes {@code start tls}; one at the beginning has no step, and a server that is to speak TLS has the option
     * {@code tls}. A client that does the same again completes the same session without the real server.
     *
     * <p>Pauses are left out. Rejected connections have no rule. Connections after the recorded ones have none either, so
     * that a server echoes what they send, unless you add a rule such as {@code others: reset}. {@link Script#formatted()} is
     * the text for people who edit it, and {@link #writeScript(Path)} writes such a text.
     *
     * @return the script
     * @throws IllegalStateException if a connection is still open, if a connection, an event or a byte is not kept, or if
     *     there was no connection; the message names the cure
     * @since 0.1.0
     */
    public Script toScript() {
        return script(null);
    }

    /**
     * Returns the same script as {@link #toScript()}, with the pauses of the server as {@code wait}.
     *
     * @param least the shortest pause that is kept: whole milliseconds, at least 1 ms
     * @return the script
     * @throws IllegalArgumentException if the duration is out of range
     * @throws IllegalStateException as {@link #toScript()} describes
     * @since 0.1.0
     */
    public Script toScriptWithWaits(Duration least) {
        return script(Quantities.wholeMillis("least", Objects.requireNonNull(least, "least")));
    }

    /**
     * Returns a script as {@link #toScript()} does, for a client that sends other values each time, such as ids or times.
     * Another recording of the same client shows which values differ, and the script expects any value in their place: a
     * star in a line or in the body of a frame, otherwise a number of bytes. What the server sends is that of this
     * recording; but where it has sent such a value back, in both recordings byte for byte and on the same connection, the
     * script captures what the client sends, and sends that: <code>{value1}</code>.
     *
     * @param other the same client, recorded another time
     * @return the script
     * @throws IllegalStateException as {@link #toScript()} describes, also for the other recording
     * @throws IllegalArgumentException if the recordings differ in more than values, for instance in the number of their
     *     connections
     * @since 0.1.0
     */
    public Script toScript(Recording other) {
        Objects.requireNonNull(other, "other");
        checkComplete();
        other.checkComplete();
        List<RecordedConnection> mine = accepted();
        List<RecordedConnection> theirs = other.accepted();
        if (mine.size() != theirs.size()) {
            throw new IllegalArgumentException("one recording has " + connections(mine.size()) + ", and the other "
                    + theirs.size() + "; record the same client twice");
        }
        List<Script.Rule> rules = new ArrayList<>();
        for (int i = 0; i < mine.size(); i++) {
            RecordedConnection connection = mine.get(i);
            rules.add(new Script.Rule(Connections.number(connection.number()), connection.steps(theirs.get(i))));
        }
        return new Script(rules);
    }

    private Script script(@Nullable Duration leastPause) {
        checkComplete();
        List<Script.Rule> rules = new ArrayList<>();
        for (RecordedConnection connection : accepted()) {
            rules.add(new Script.Rule(Connections.number(connection.number()), connection.steps(leastPause)));
        }
        return new Script(rules);
    }

    private void checkComplete() {
        String missing = missingConnections();
        if (!missing.isEmpty()) {
            throw new IllegalStateException("the recording cannot become a script: " + missing);
        }
    }

    /** Returns the kept connections that were not rejected. */
    private List<RecordedConnection> accepted() {
        return connections().stream()
                .filter(connection -> connection.number() > 0)
                .toList();
    }

    /** Returns why a script would lack connections, with the cure; empty if it has all. */
    private String missingConnections() {
        if (leftOut() > 0) {
            return connections(leftOut()) + " more, not kept; raise the number of connections that the recording keeps";
        }
        return accepted().isEmpty() ? "it has no connection; record one" : "";
    }

    /**
     * Writes {@link #toScript()} to a file, in UTF-8, for people who edit it, with a remark for each connection. Where
     * bytes are not kept, the text says so. If the server has sent them, the text has the word {@code missing} in their
     * place, and a server refuses to play it until that line is edited.
     *
     * @param file a new file
     * @throws IOException if it exists, or cannot be written
     * @since 0.1.0
     */
    public void writeScript(Path file) throws IOException {
        writeScript(file, accepted(), missingConnections());
    }

    /**
     * Writes the script of the newest connections, as many as fit, to a file. See {@link #writeScript(Path)}. If the limit
     * leaves out connections, the file says so with the word {@code missing}.
     *
     * @param file a new file
     * @param mostBytes the most bytes of text about connections
     * @return how many of the kept connections are left out
     * @throws IOException if the file exists, or cannot be written
     * @since 0.1.0
     */
    public int writeScript(Path file, long mostBytes) throws IOException {
        List<RecordedConnection> all = accepted();
        List<RecordedConnection> fitting =
                RecordingFiles.fitting(all, mostBytes, connection -> TextSize.of(text -> rule(connection, text)));
        int left = all.size() - fitting.size();
        String missing = missingConnections();
        writeScript(
                file,
                fitting,
                left == 0 ? missing : connections(left) + " left out: the file is limited to " + mostBytes + " bytes");
        return left;
    }

    private static void writeScript(Path file, List<RecordedConnection> connections, String missing)
            throws IOException {
        CompleteFile.write(file, out -> {
            Writer text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            text.append(ScriptLines.TITLE);
            if (!missing.isEmpty()) {
                text.append(ScriptLines.missing(missing)).append('\n');
            }
            String between = "";
            for (RecordedConnection connection : connections) {
                rule(connection, text.append(between));
                between = ScriptLines.BETWEEN;
            }
            text.append('\n').flush();
        });
    }

    private static void rule(RecordedConnection connection, Appendable to) throws IOException {
        String number = Connections.number(connection.number()).toString();
        ScriptLines.rule(connection.toString(), number, connection.session(), connection.replayCure(), to);
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
     * Writes the newest connections, as many as fit, to a pcapng file. See {@link #writePcapng(Path)}.
     *
     * @param file a new file
     * @param mostBytes the approximate limit of the file's size in bytes
     * @return how many of the kept connections are left out
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
        PcapngFile.write(fitting, source.serverLog(), remarks, file);
        return left;
    }

    /**
     * Writes the newest connections, as many as fit, as one page for a browser. The end of the page states how many are left
     * out. See {@link #writeHtml(Path)}.
     *
     * @param file a new file
     * @param mostBytes the most bytes of text about connections
     * @return how many of the kept connections are left out
     * @throws IOException if the file exists, or cannot be written
     */
    public int writeHtml(Path file, long mostBytes) throws IOException {
        List<RecordedConnection> all = connections();
        List<RecordedConnection> fitting = RecordingFiles.fitting(all, mostBytes, HtmlPage::size);
        int left = all.size() - fitting.size();
        String cut = left == 0 ? "" : connections(left) + " left out: the size of this file is limited";
        String full = source.isFull() ? fullText() : "";
        String note = cut + (cut.isEmpty() || full.isEmpty() ? "" : "; ") + full;
        HtmlPage.write(fitting, about(note), file);
        return left;
    }

    /**
     * Writes the transcript, the page, the pcapng file and the script to a folder, under the names that {@link RecordingFiles#names()}
     * returns. Makes the folder if it is missing. Replaces files of these names, which an earlier run of a test has left, and
     * leaves all others. Each file is complete or absent. If one fails, the others are still written.
     *
     * @param folder a folder, which need not exist
     * @return the files
     * @throws IOException the first failure, with the others suppressed, if the folder cannot be made, or a file
     *     cannot be written; it is a {@link java.nio.file.FileSystemException} that names the file
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
                },
                file -> {
                    writeScript(file);
                    return 0;
                });
    }

    /**
     * Writes the newest connections, as many as fit into each file. See {@link #writeFiles(Path)}.
     *
     * @param folder a folder, which need not exist
     * @param mostBytes the limit of each file, as {@link #writeTranscript(Path, long)} describes
     * @return the files, and how many connections are left out of each
     * @throws IOException as {@link #writeFiles(Path)} describes
     */
    public RecordingFiles writeFiles(Path folder, long mostBytes) throws IOException {
        return RecordingFiles.write(
                folder,
                file -> writeTranscript(file, mostBytes),
                file -> writeHtml(file, mostBytes),
                file -> writePcapng(file, mostBytes),
                file -> writeScript(file, mostBytes));
    }

    /** Writes the page that {@link #writeHtml(Path)} writes to a file. */
    void writePage(Appendable out) throws IOException {
        HtmlPage.write(connections(), about(source.isFull() ? fullText() : ""), out);
    }

    /**
     * Returns what the live page says about the recording.
     *
     * @param span nanoseconds from the first connection to the end of the time axis
     */
    PageHead pageHead(long span) {
        return HtmlPage.live(connections(), about(source.isFull() ? fullText() : ""), span);
    }

    private HtmlPage.About about(String note) {
        return new HtmlPage.About(
                source.title(),
                source.by(),
                source.plan(),
                appliedFaults(),
                total(),
                peak(),
                leftOut(),
                note,
                source.serverLog());
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
