package org.echoharness.page;

import java.io.IOException;

/**
 * The live page of the HTTP interface, with the style and the script of the page of a recording and some of its own. It has no
 * data: its script asks for that.
 */
public final class LivePage {

    private static final String STYLE = PageResources.style() + PageResources.read("live.css");
    private static final String SCRIPT = PageResources.script() + PageResources.read("live.js");
    private static final String POLICY =
            PageResources.policy(STYLE, SCRIPT) + "; connect-src 'self'; img-src data:; frame-ancestors 'none'";
    private static final String HTML = html(PageResources.read("live.html"));

    private LivePage() {}

    /** Returns the whole page. */
    public static String html() {
        return HTML;
    }

    /** Returns the content security policy that belongs to it. */
    public static String policy() {
        return POLICY;
    }

    private static String html(String frame) {
        StringBuilder legend = new StringBuilder();
        try {
            PageParts.legend("the server", legend);
        } catch (IOException impossible) {
            throw new AssertionError(impossible); // it goes into memory
        }
        return frame.replace("{style}", STYLE)
                .replace("{shapes}", PageParts.SHAPES)
                .replace("{legend}", legend)
                .replace("{columns}", PageParts.COLUMNS)
                .replace("{script}", SCRIPT);
    }
}
