package org.echoharness.proxy;

import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/** Which version of the header an option asks for. Any thread may use it. */
public enum HeaderVersion {
    /** Either of the two. Only a server that gets headers may ask for it. */
    REQUIRED("required"),
    /** One line of text. */
    V1("v1"),
    /** Bytes. */
    V2("v2");

    private static final String NONE = "none";

    private final String text;

    HeaderVersion(String text) {
        this.text = text;
    }

    /**
     * Reads which header a server expects of its clients.
     *
     * @param word the name of the option, for the error
     * @return null for none
     */
    public static @Nullable HeaderVersion expected(String word, String text) {
        return read(word, text, "none, required, v1 or v2");
    }

    /**
     * Reads which header is sent.
     *
     * @param word the name of the option, for the error
     * @return null for none
     */
    public static @Nullable HeaderVersion sent(String word, String text) {
        String cure = "none, v1 or v2";
        HeaderVersion read = read(word, text, cure);
        if (read == REQUIRED) {
            throw Quantities.refused(word, Escaping.escape(text), "be " + cure);
        }
        return read;
    }

    private static @Nullable HeaderVersion read(String word, String text, String cure) {
        String stripped = text.strip();
        if (stripped.equals(NONE)) {
            return null;
        }
        for (HeaderVersion each : values()) {
            if (each.text.equals(stripped)) {
                return each;
            }
        }
        throw Quantities.refused(word, Escaping.escape(text), "be " + cure);
    }

    /** Returns whether a header of this version, 1 or 2, is one that is asked for. */
    boolean includes(int version) {
        return this == REQUIRED || this == (version == 1 ? V1 : V2);
    }

    /** Returns "a PROXY header of version 1 or 2", for errors. */
    String header() {
        return "a PROXY header of version " + (this == REQUIRED ? "1 or 2" : this == V1 ? "1" : "2");
    }

    @Override
    public String toString() {
        return text;
    }
}
