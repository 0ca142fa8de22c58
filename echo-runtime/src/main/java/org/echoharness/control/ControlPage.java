package org.echoharness.control;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The page at {@code /}. It has no data: its script asks for that, with the token that follows {@code #token=}. */
final class ControlPage {

    private static final String SCRIPT = """
            const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
            const list = document.getElementById('servers');
            fetch('/servers', { headers: { Authorization: 'Bearer ' + token } })
                .then(answer => answer.json())
                .then(answer => {
                    const lines = answer.error ? [answer.error]
                        : answer.servers.map(s => `${s.id}: ${s.kind}, ${s.state}, ${s.addresses.join(', ')}`);
                    list.replaceChildren(...lines.map(line => {
                        const item = document.createElement('li');
                        item.textContent = line;
                        return item;
                    }));
                });
            """;

    private static final String HTML = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <title>Echo servers</title>
            <h1>Echo servers</h1>
            <ul id="servers"><li>This page needs JavaScript.</li></ul>
            <script>%s</script>
            </html>
            """;

    private ControlPage() {}

    static byte[] html() {
        return HTML.formatted(SCRIPT).getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the Content-Security-Policy of the page. */
    static String policy() {
        return "default-src 'none'; script-src '" + hash(SCRIPT)
                + "'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible); // every JDK has it
        }
    }
}
