package org.echoharness.wire;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.echoharness.support.ForkedProcess;

/**
 * A page in a headless Chromium, driven by the DevTools protocol: keys and the mouse are those of a person, and expressions
 * read what is shown. It collects what the browser complains about. Each wait has a deadline.
 */
final class BrowserPage implements AutoCloseable {

    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final Pattern VALUE = Pattern.compile("\"value\":\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Pattern ID = Pattern.compile("^\\{\"id\":(\\d+),");
    private static final Pattern SOCKET = Pattern.compile("\"webSocketDebuggerUrl\": \"(ws://[^\"]*/page/[^\"]*)\"");

    private final ForkedProcess browser;
    private final WebSocket socket;
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<String>> answers = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private final Semaphore downloads = new Semaphore(0);
    private volatile CompletableFuture<String> loaded = new CompletableFuture<>();

    /** Starts a browser with a window of this size. */
    BrowserPage(Program chromium, Path folder, int width, int height) throws IOException, InterruptedException {
        browser = new ForkedProcess(
                folder,
                Map.of("HOME", folder.toString(), "TMPDIR", folder.toString()),
                LONGEST,
                List.of(
                        chromium.file(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + folder.resolve("driven"),
                        "about:blank"));
        try {
            String line = browser.lines().await("DevTools listening on ws://.*");
            String list = line.replaceAll(".*ws://([^/]+)/.*", "http://$1/json/list");
            HttpClient client = HttpClient.newBuilder().connectTimeout(LONGEST).build();
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(list)).timeout(LONGEST).build();
            Matcher page = SOCKET.matcher(
                    client.send(request, HttpResponse.BodyHandlers.ofString()).body());
            if (!page.find()) {
                throw new AssertionError(
                        "the browser has no page; it wrote\n" + browser.lines().text());
            }
            socket = result(client.newWebSocketBuilder().buildAsync(URI.create(page.group(1)), new Answers()));
            for (String domain : List.of("Page", "Runtime", "Log")) {
                call(domain + ".enable", "");
            }
            resize(width, height);
        } catch (IOException | InterruptedException | RuntimeException | Error failed) {
            browser.close();
            throw failed;
        }
    }

    /** Collects the parts of a message. A message that is no answer is kept if it is a complaint. */
    private final class Answers implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
            message.append(part);
            if (isLast) {
                got(message.toString());
                message.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    private void got(String message) {
        Matcher id = ID.matcher(message);
        if (id.find()) {
            CompletableFuture<String> answer = answers.remove(Integer.valueOf(id.group(1)));
            if (answer != null) {
                answer.complete(message);
            }
        } else if (message.startsWith("{\"method\":\"Page.loadEventFired\"")) {
            loaded.complete(message);
        } else if (message.startsWith("{\"method\":\"Browser.downloadProgress\"")) {
            downloads.release(message.contains("\"state\":\"completed\"") ? 1 : 0);
        } else if (message.startsWith("{\"method\":\"Log.entryAdded\"")
                || message.startsWith("{\"method\":\"Runtime.exceptionThrown\"")) {
            complaints.add(message);
        }
    }

    private static <T> T result(CompletableFuture<T> future) throws InterruptedException {
        try {
            return future.get(LONGEST.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException failed) {
            throw new AssertionError("the browser does not answer", failed);
        }
    }

    /** Calls a method of the protocol, and returns the answer. */
    private String call(String method, String parameters) throws InterruptedException {
        int id = ids.incrementAndGet();
        CompletableFuture<String> answer = new CompletableFuture<>();
        answers.put(id, answer);
        result(socket.sendText(
                "{\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":{" + parameters + "}}", true));
        String got = result(answer);
        if (got.contains("\"error\":{") || got.contains("\"exceptionDetails\":{")) {
            throw new AssertionError(method + " " + parameters + ": " + got);
        }
        return got;
    }

    /** Opens a file, and waits until it is loaded. */
    void open(Path file) throws InterruptedException {
        open(file.toUri().toString());
    }

    /** Opens an address, and waits until it is loaded. */
    void open(String address) throws InterruptedException {
        CompletableFuture<String> load = new CompletableFuture<>();
        loaded = load;
        call("Page.navigate", "\"url\":" + quoted(address));
        result(load);
    }

    /** Sets where downloads go. */
    void downloadTo(Path folder) throws InterruptedException {
        call(
                "Browser.setDownloadBehavior",
                "\"behavior\":\"allow\",\"eventsEnabled\":true,\"downloadPath\":" + quoted(folder.toString()));
    }

    /** Waits until a further download is complete. */
    void awaitDownload() throws InterruptedException {
        if (!downloads.tryAcquire(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("no download is complete");
        }
    }

    void resize(int width, int height) throws InterruptedException {
        call(
                "Emulation.setDeviceMetricsOverride",
                "\"width\":" + width + ",\"height\":" + height + ",\"deviceScaleFactor\":1,\"mobile\":false");
    }

    /** Whether the page may run its script, from the next {@link #open} on. */
    void allowScript(boolean isAllowed) throws InterruptedException {
        call("Emulation.setScriptExecutionDisabled", "\"value\":" + !isAllowed);
    }

    void darkMode(boolean isDark) throws InterruptedException {
        call(
                "Emulation.setEmulatedMedia",
                "\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"" + (isDark ? "dark" : "light") + "\"}]");
    }

    /** Returns the value of an expression, as text. */
    String value(String expression) throws InterruptedException {
        return evaluated("String(" + expression + ")");
    }

    /** Waits until an expression is true. The browser evaluates it before each frame, if it may run scripts. */
    void await(String condition) throws InterruptedException {
        evaluated("new Promise((done, late) => { const end = Date.now() + " + LONGEST.toMillis() / 2
                + "; const look = () => (" + condition + ") ? done('yes') : Date.now() > end"
                + " ? late(new Error('awaited')) : requestAnimationFrame(look); look(); })");
    }

    private String evaluated(String expression) throws InterruptedException {
        String answer = call(
                "Runtime.evaluate",
                "\"returnByValue\":true,\"awaitPromise\":true,\"expression\":" + quoted(expression));
        Matcher value = VALUE.matcher(answer);
        if (!value.find()) {
            throw new AssertionError(expression + ": " + answer);
        }
        return unquoted(value.group(1));
    }

    /** Presses and releases a key. */
    void press(String key) throws InterruptedException {
        String text = key.length() == 1 ? key : key.equals("Enter") ? "\r" : "";
        int code = Map.of("Enter", 13, "Escape", 27, "ArrowDown", 40, "ArrowUp", 38, "Tab", 9)
                .getOrDefault(key, (int) Character.toUpperCase(key.charAt(0)));
        String what = "\"key\":" + quoted(key) + ",\"code\":" + quoted(key) + ",\"windowsVirtualKeyCode\":" + code;
        call(
                "Input.dispatchKeyEvent",
                "\"type\":\"keyDown\"," + what + (text.isEmpty() ? "" : ",\"text\":" + quoted(text)));
        call("Input.dispatchKeyEvent", "\"type\":\"keyUp\"," + what);
    }

    /** Types a text into what has the focus. */
    void type(String text) throws InterruptedException {
        call("Input.insertText", "\"text\":" + quoted(text));
    }

    /** Clicks into the middle of the first element that the selector finds. */
    void click(String selector) throws InterruptedException {
        String[] at = value("(() => { const e = document.querySelector(" + quoted(selector)
                        + "); e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
                        + " return (r.x + r.width / 2) + ' ' + (r.y + r.height / 2); })()")
                .split(" ", -1);
        String where = "\"x\":" + at[0] + ",\"y\":" + at[1] + ",\"button\":\"left\",\"clickCount\":1";
        call("Input.dispatchMouseEvent", "\"type\":\"mousePressed\"," + where);
        call("Input.dispatchMouseEvent", "\"type\":\"mouseReleased\"," + where);
    }

    /** Chooses an option of a select element, as a person does: with an event. */
    void choose(String selector, String option) throws InterruptedException {
        value("(() => { const e = document.querySelector(" + quoted(selector) + "); e.value = " + quoted(option)
                + "; e.dispatchEvent(new Event('change')); return e.value; })()");
    }

    /** Returns what the browser complained about: a violated policy, an exception. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    /** Returns the same, and forgets it. */
    List<String> takeComplaints() {
        List<String> taken = List.copyOf(complaints);
        complaints.clear();
        return taken;
    }

    private static String quoted(String text) {
        return '"'
                + text.replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r")
                + '"';
    }

    private static String unquoted(String json) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < json.length(); at++) {
            char c = json.charAt(at);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            char escape = json.charAt(++at);
            if (escape == 'u') {
                text.append((char) Integer.parseInt(json.substring(at + 1, at + 5), 16));
                at += 4;
            } else {
                text.append(
                        switch (escape) {
                            case 'n' -> '\n';
                            case 'r' -> '\r';
                            case 't' -> '\t';
                            case 'b' -> '\b';
                            case 'f' -> '\f';
                            default -> escape;
                        });
            }
        }
        return text.toString();
    }

    /** Closes the browser, and waits until it writes no more files. */
    @Override
    public void close() {
        try {
            result(socket.sendText("{\"id\":0,\"method\":\"Browser.close\"}", true));
            browser.awaitExit();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        } finally {
            socket.abort();
            browser.close();
        }
    }
}
