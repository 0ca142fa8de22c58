package org.echoharness.script;

import java.util.List;
import java.util.stream.Collectors;
import org.echoharness.text.Escaping;
import org.echoharness.text.Template;

/** What a script sends: {@code "250 hello {host}\r\n"}, {@code hex "00 1f"}, {@code file "a.bin"}. Immutable. */
public sealed interface Data {

    /**
     * Bytes, with gaps for what the script has captured: <code>"250 hello {host}\r\n"</code>. A gap is replaced only where
     * the script captures that name; <code>\{</code> is always a brace.
     *
     * @param template one character for each byte (U+0000 to U+00FF)
     */
    record Text(String template) implements Data {
        /**
         * Checks the characters, and removes escapes that are not needed.
         *
         * @param template one character for each byte
         * @throws IllegalArgumentException if a character is no byte, or if there is none
         */
        public Text {
            template = Template.of(Latin1.checked("send", template), false).text(false);
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            Template read = Template.of(template, false);
            String quoted = read.quoted(false);
            return read.parts().size() == 1 && read.parts().get(0) instanceof Template.Literal literal
                    ? Latin1.text(literal.latin1(), quoted)
                    : quoted;
        }
    }

    /**
     * The bytes of a file or of a resource on the class path: {@code file "answer.bin"}.
     *
     * @param name the name
     */
    record File(String name) implements Data {
        /**
         * Checks the name.
         *
         * @param name the name
         * @throws IllegalArgumentException if the name is empty
         */
        public File {
            if (name.isBlank()) {
                throw new IllegalArgumentException("file (" + Escaping.quote(name) + ") must be a name");
            }
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            return "file " + Escaping.quoteBytes(Latin1.of(name));
        }
    }

    /**
     * A frame: its length, and then its body: {@code frame u32 "ok"}.
     *
     * @param length how the length is encoded
     * @param body the body; it may be empty
     */
    record Frame(FrameLength length, List<Data> body) implements Data {
        private static final int MOST_DEPTH = 16;

        /**
         * Copies the list.
         *
         * @param length how the length is encoded
         * @param body the body
         * @throws IllegalArgumentException if the length cannot be that of the body, or if frames are nested more than 16
         *     deep
         */
        public Frame {
            body = List.copyOf(body);
            if (depth(body) >= MOST_DEPTH) {
                throw new IllegalArgumentException("frames are nested more than " + MOST_DEPTH + " deep");
            }
            long least = 0;
            boolean isFixed = true;
            for (Data part : body) {
                least += leastBytes(part);
                isFixed &= isFixed(part);
            }
            if (least > length.mostBody()) {
                throw new IllegalArgumentException("frame " + length + " holds at most " + length.mostBody()
                        + " bytes, and these are " + least + "; take a longer length, such as u32");
            }
            if (isFixed && least < length.adjust()) {
                throw new IllegalArgumentException(
                        "frame " + length + " holds at least " + length.adjust() + " bytes, and these are " + least);
            }
        }

        /** {@return the text in a script} */
        @Override
        public String toString() {
            boolean isOne = body.size() == 1 && !(body.get(0) instanceof Frame);
            return "frame " + length + " "
                    + (isOne ? body.get(0) : body.isEmpty() ? "{ }" : "{ " + joined(body) + " }");
        }
    }

    /**
     * Returns a text, in UTF-8, with gaps for what was captured.
     *
     * @param template the text
     * @return the data
     */
    static Data text(String template) {
        return new Text(Latin1.of(template));
    }

    /**
     * Returns bytes as they are. Braces in them are no gaps.
     *
     * @param bytes at least one byte
     * @return the data
     */
    static Data bytes(byte[] bytes) {
        return new Text(Template.literally(Latin1.of(bytes), false));
    }

    /**
     * Returns bytes from their hexadecimal digits.
     *
     * @param digits two for each byte, with spaces between bytes where wanted, such as {@code 00 1f}
     * @return the data
     * @throws IllegalArgumentException if the text is no such list
     */
    static Data hex(String digits) {
        return new Text(Template.literally(Latin1.ofHex(digits), false));
    }

    /**
     * Returns the bytes of a file, or of a resource on the class path if there is no such file.
     *
     * @param name the name of the file
     * @return the data
     */
    static Data file(String name) {
        return new File(name);
    }

    /**
     * Returns a frame.
     *
     * @param length how the length is encoded
     * @param body the body
     * @return the data
     */
    static Data framed(FrameLength length, Data... body) {
        return new Frame(length, List.of(body));
    }

    /**
     * Returns a frame with a text, in UTF-8, as its body.
     *
     * @param length how the length is encoded
     * @param template the text, with gaps for what was captured
     * @return the data
     */
    static Data framed(FrameLength length, String template) {
        return new Frame(length, template.isEmpty() ? List.of() : List.of(text(template)));
    }

    private static long leastBytes(Data data) {
        long bytes = 0;
        if (data instanceof Text text) {
            for (Template.Part part : Template.of(text.template(), false).parts()) {
                bytes += part instanceof Template.Literal literal
                        ? literal.latin1().length()
                        : 0;
            }
        } else if (data instanceof Frame frame) {
            bytes = frame.length().kind() == FrameLength.Kind.VARINT
                    ? 1
                    : frame.length().kind().mostBytes();
            for (Data part : frame.body()) {
                bytes += leastBytes(part);
            }
        }
        return bytes;
    }

    private static int depth(List<Data> body) {
        int depth = 0;
        for (Data part : body) {
            depth = part instanceof Frame frame ? Math.max(depth, 1 + depth(frame.body())) : depth;
        }
        return depth;
    }

    private static boolean isFixed(Data data) {
        return data instanceof Text text
                && Template.of(text.template(), false).names().isEmpty();
    }

    private static String joined(List<Data> data) {
        return data.stream().map(Data::toString).collect(Collectors.joining(" "));
    }
}
