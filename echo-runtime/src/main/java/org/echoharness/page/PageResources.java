package org.echoharness.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The style and the script of the page, and the policy that allows a browser these two and nothing else. */
public final class PageResources {

    private static final String STYLE = read("page.css");
    private static final String SCRIPT = read("page.js");
    private static final String POLICY = policy(STYLE, SCRIPT);

    private PageResources() {}

    /** Returns the text of the style element. */
    public static String style() {
        return STYLE;
    }

    /** Returns the text of the script element. */
    public static String script() {
        return SCRIPT;
    }

    /** Returns the content security policy of the page of a recording. */
    public static String policy() {
        return POLICY;
    }

    /** Returns the policy that allows a browser this style and this script, and nothing else. */
    static String policy(String style, String script) {
        return "default-src 'none'; style-src '" + hash(style) + "'; script-src '" + hash(script)
                + "'; base-uri 'none'; form-action 'none'";
    }

    /** Returns the text of a file beside this class. */
    static String read(String name) {
        try (InputStream in = PageResources.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(
                        "the resource " + name + " of the page is missing; use the jar of echo-runtime as it is");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Returns the hash of an element's text, in the form of CSP (W3C Content Security Policy Level 3, section 2.3.1). */
    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible); // each Java platform has it
        }
    }
}
