package org.echoharness;

import java.time.Duration;
import org.echoharness.text.Quantities;

/**
 * Decides when a {@link Fault} takes effect on its connection. Bytes, messages and time are counted from the accept, or from
 * the last change of the plan of an open connection.
 */
public sealed interface Trigger {

    /** The fault takes effect from the start. In a plan, {@code at accept} may be left out. */
    record AtAccept() implements Trigger {
        @Override
        public String toString() {
            return "at accept";
        }
    }

    /**
     * The fault takes effect when this many bytes of the client were sent back or dropped by a fault: {@code after 300}. With
     * a script or handler, these are the bytes that it has matched, and the fault takes effect before the answer to them.
     *
     * @param bytes at least 1
     */
    record AfterReceived(long bytes) implements Trigger {
        /**
         * Checks the range.
         *
         * @param bytes at least 1
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterReceived {
            Quantities.atLeastOne("after", bytes);
        }

        @Override
        public String toString() {
            return "after " + Quantities.text(bytes);
        }
    }

    /**
     * The fault takes effect when this many bytes were sent to the client: {@code after 300 sent}.
     *
     * @param bytes at least 1
     */
    record AfterSent(long bytes) implements Trigger {
        /**
         * Checks the range.
         *
         * @param bytes at least 1
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterSent {
            Quantities.atLeastOne("after", bytes);
        }

        @Override
        public String toString() {
            return "after " + Quantities.text(bytes) + " sent";
        }
    }

    /**
     * The fault takes effect when the connection has this age: {@code after 2s}.
     *
     * @param age whole milliseconds, 1 ms to 365 days
     */
    record AfterTime(Duration age) implements Trigger {
        /**
         * Checks the range.
         *
         * @param age whole milliseconds, 1 ms to 365 days
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterTime {
            Quantities.wholeMillis("after", age);
        }

        @Override
        public String toString() {
            return "after " + Quantities.text(age);
        }
    }

    /**
     * The fault takes effect when a script or handler has matched this many messages of the client, before it answers the
     * last of them: {@code after 3 messages}. Each {@code expect} and each case of a script is a message, and each frame
     * that a handler answers. A server that echoes refuses it.
     *
     * @param messages at least 1
     */
    record AfterMessages(long messages) implements Trigger {
        /**
         * Checks the range.
         *
         * @param messages at least 1
         * @throws IllegalArgumentException if it is out of range
         */
        public AfterMessages {
            Quantities.atLeastOne("after", messages);
        }

        @Override
        public String toString() {
            return "after " + messages + (messages == 1 ? " message" : " messages");
        }
    }

    /**
     * The fault takes effect at each message of the client whose number is a multiple of this, before the message is
     * answered, and lasts until the next message: {@code every 3rd message}. Messages are those of {@link AfterMessages}. A
     * server that echoes refuses it.
     *
     * @param messages at least 1
     */
    record EveryMessage(long messages) implements Trigger {
        /**
         * Checks the range.
         *
         * @param messages at least 1
         * @throws IllegalArgumentException if it is out of range
         */
        public EveryMessage {
            Quantities.atLeastOne("every", messages);
        }

        @Override
        public String toString() {
            return "every " + Quantities.ordinal(messages) + " message";
        }
    }

    /** A stage of the TLS handshake, as the server sees it (RFC 8446 and RFC 5246). */
    enum HandshakeStage {
        /** The whole first ClientHello has come, and the server has answered nothing: {@code client-hello}. */
        CLIENT_HELLO("client-hello"),

        /** The server has sent its ServerHello, in a record of its own, and nothing after it: {@code server-hello}. */
        SERVER_HELLO("server-hello"),

        /** The handshake is complete, and no text was sent: {@code handshake}. */
        HANDSHAKE("handshake");

        /** The word in the text of a fault. */
        final String word;

        HandshakeStage(String word) {
            this.word = word;
        }

        /** Returns the word in the text of a fault. */
        @Override
        public String toString() {
            return word;
        }
    }

    /**
     * The fault takes effect when the TLS handshake has reached this stage: {@code after client-hello}. It acts on the wire. If
     * the plan of an open connection changes, a stage that its handshake has passed is not reached again. A server without
     * TLS refuses it.
     *
     * @param stage the stage that is complete
     */
    record AfterHandshake(HandshakeStage stage) implements Trigger {
        @Override
        public String toString() {
            return "after " + stage;
        }
    }

    /**
     * The fault takes effect when the client's FIN has come and all bytes before it were sent back or dropped: {@code on
     * fin}. With a script or handler, it takes effect when that answers the FIN and all was sent.
     */
    record OnFin() implements Trigger {
        @Override
        public String toString() {
            return "on fin";
        }
    }
}
