package org.echoharness.tls;

import java.net.IDN;
import java.util.List;
import java.util.Locale;
import org.echoharness.text.Escaping;
import org.echoharness.text.NearestWord;
import org.echoharness.text.Quantities;
import org.jspecify.annotations.Nullable;

/**
 * Which certificate a server shows: {@code self-signed}, {@code expired}, {@code not-yet-valid} or {@code for NAME}. Its
 * text is read as the same kind.
 *
 * @param word the first word
 * @param name the host name of {@code for NAME}; otherwise empty
 */
public record CertificateKind(String word, String name) {

    /** A certificate that a client accepts if it trusts the authority of this run. */
    public static final CertificateKind SELF_SIGNED = new CertificateKind("self-signed", "");

    /** A certificate whose validity ended a day before it was made. */
    public static final CertificateKind EXPIRED = new CertificateKind("expired", "");

    /** A certificate whose validity begins in ten years. */
    public static final CertificateKind NOT_YET_VALID = new CertificateKind("not-yet-valid", "");

    private static final String FOR = "for";
    private static final String KINDS = "be self-signed, expired, not-yet-valid, or for NAME with the name of a host";
    private static final List<String> WORDS = List.of("self-signed", "expired", "not-yet-valid", FOR, "none");
    private static final int LONGEST_NAME = 253; // RFC 1035, section 2.3.4, as text without the root's dot
    private static final int LONGEST_LABEL = 63;

    /** The letters whose form depends on the version of the standard (RFC 5894, section 7.2); the JDK has the older one. */
    private static final String DIFFERENT = "\u00DF\u03C2\u200C\u200D";

    /**
     * Reads a kind from its text.
     *
     * @param option the word that an error names, such as {@code tls}
     * @throws IllegalArgumentException if there is no such kind, or if the name is not one of a host
     */
    public static CertificateKind parse(String option, String text) {
        String trimmed = text.strip();
        CertificateKind known = known(trimmed);
        return known == null ? named(option, text, trimmed) : known;
    }

    private static @Nullable CertificateKind known(String trimmed) {
        return switch (trimmed) {
            case "self-signed" -> SELF_SIGNED;
            case "expired" -> EXPIRED;
            case "not-yet-valid" -> NOT_YET_VALID;
            default -> null;
        };
    }

    /** Returns whether {@link #parse} reads this text as a kind, or refuses it because of the name of its host. */
    public static boolean isKind(String trimmed) {
        return known(trimmed) != null || startsWithFor(trimmed);
    }

    private static boolean startsWithFor(String trimmed) {
        return trimmed.startsWith(FOR)
                && trimmed.length() > FOR.length()
                && Character.isWhitespace(trimmed.charAt(FOR.length()));
    }

    private static CertificateKind named(String option, String text, String trimmed) {
        if (!startsWithFor(trimmed)) {
            String nearest = NearestWord.of(trimmed, WORDS);
            String cure = nearest.isEmpty() || trimmed.equals(FOR) ? "" : "; did you mean " + nearest + "?";
            if (trimmed.endsWith(".pem") || trimmed.indexOf('/') >= 0) {
                cure = "; a file is for certificateFile, or for the tls of a client";
            }
            throw Quantities.refused(option, shown(text), KINDS + cure);
        }
        String name = trimmed.substring(FOR.length()).strip();
        String problem = problemOf(name);
        if (!problem.isEmpty()) {
            throw Quantities.refused(option, shown(text), problem);
        }
        return new CertificateKind(FOR, name);
    }

    private static String shown(String text) {
        return Escaping.cut(Escaping.escape(text));
    }

    /** Returns whether a certificate can be for this name: an ASCII name of a host, without a wildcard. */
    static boolean isHostName(String name) {
        return problemOf(name).isEmpty();
    }

    /** Returns what a name must be, for an error; empty if it is the name of a host. Uses loops, which start faster than streams. */
    private static String problemOf(String name) {
        if (!isAscii(name)) {
            String ascii = asciiForm(name);
            return "have the name in ASCII" + (ascii.isEmpty() ? "" : "; write for " + ascii);
        }
        if (name.indexOf('*') >= 0) {
            return "name one host, without a wildcard; for a certificate with a wildcard, use an SSLContext of your own";
        }
        int colon = name.indexOf(':');
        if (colon >= 0 && colon == name.lastIndexOf(':') && isNumber(name.substring(colon + 1))) {
            return "name a host without a port";
        }
        if ((colon >= 0 && !name.contains("://")) || isNumber(name.substring(name.lastIndexOf('.') + 1))) {
            return "name a host, not an address; for a certificate of another address, use an SSLContext of your own";
        }
        if (name.length() > LONGEST_NAME) {
            return "have a name of at most " + LONGEST_NAME + " characters; this one has " + name.length();
        }
        for (String label : name.split("\\.", -1)) {
            String problem = problemOfLabel(label);
            if (!problem.isEmpty()) {
                return problem;
            }
        }
        return "";
    }

    private static String problemOfLabel(String label) {
        if (label.isEmpty()) {
            return "have one dot between the labels of the name, and none before or after it";
        }
        if (label.length() > LONGEST_LABEL) {
            return "have labels of at most " + LONGEST_LABEL + " characters; one has " + label.length();
        }
        if (label.startsWith("-") || label.endsWith("-")) {
            return "have no label that begins or ends with a hyphen";
        }
        return isOfName(label) ? "" : "have a name of letters, digits, hyphens and dots";
    }

    private static boolean isOfName(String label) {
        boolean isOfName = true;
        for (int i = 0; i < label.length(); i++) {
            char c = label.charAt(i);
            boolean isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            isOfName &= isLetter || c == '-' || c == '_' || (c >= '0' && c <= '9');
        }
        return isOfName;
    }

    private static boolean isNumber(String label) {
        boolean isNumber = !label.isEmpty();
        for (int i = 0; i < label.length(); i++) {
            isNumber &= label.charAt(i) >= '0' && label.charAt(i) <= '9';
        }
        return isNumber;
    }

    private static boolean isAscii(String name) {
        boolean isAscii = true;
        for (int i = 0; i < name.length(); i++) {
            isAscii &= name.charAt(i) < 0x80;
        }
        return isAscii;
    }

    /** Returns the form in which a certificate has a name of other letters (RFC 5890, A-label); empty if it has none. */
    static String asciiForm(String name) {
        if (name.chars().anyMatch(c -> DIFFERENT.indexOf(c) >= 0)) {
            return "";
        }
        try {
            String ascii = IDN.toASCII(name, IDN.USE_STD3_ASCII_RULES).toLowerCase(Locale.ROOT);
            return isHostName(ascii) ? ascii : "";
        } catch (IllegalArgumentException notOne) {
            return "";
        }
    }

    /** Returns the text of the kind, which {@link #parse} reads. */
    @Override
    public String toString() {
        return name.isEmpty() ? word : word + " " + name;
    }
}
