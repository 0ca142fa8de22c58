package org.echoharness.tls;

/**
 * Which certificate a server shows: {@code self-signed}, {@code expired}, {@code not-yet-valid} or {@code for NAME}.
 *
 * @param word the first word
 * @param name the host name of {@code for NAME}; otherwise empty
 */
public record CertificateKind(String word, String name) {

    /**
     * Reads a kind from its text.
     *
     * @param option the word that an error names, such as {@code tls}
     * @throws IllegalArgumentException if there is no such kind
     */
    public static CertificateKind parse(String option, String text) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String toString() {
        return name.isEmpty() ? word : word + " " + name;
    }
}
