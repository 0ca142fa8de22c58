package org.echoharness.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.util.Properties;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Angus Mail with a server that speaks SMTP, from EHLO to QUIT. Its documentation says:
 *
 * <ul>
 *   <li>{@link Transport#send(Message)} throws a {@link MessagingException} if the message could not be sent;
 *   <li>the property {@code mail.smtp.timeout} limits each read, with no limit by default.
 * </ul>
 */
@Timeout(60)
class SmtpIT {

    @Test
    void sendsMessage() throws Exception {
        try (EchoServer server = Scripts.start("smtp.echo", "")) {
            send(server);

            server.recording().connection(1).awaitEnd();
            Scripts.assertMet(server);
            assertThat(server.recording().connection(1).transcript()).contains("hello\\r\\n..\\r\\n.\\r\\n");
        }
    }

    @Test
    void refusedMessageThrows() throws Exception {
        try (EchoServer server = Scripts.startWith("smtp.echo", "250 queued", "554 no mail today")) {
            assertThatThrownBy(() -> send(server)).isInstanceOf(MessagingException.class);

            server.recording().connection(1).awaitEnd();
            assertThat(server.scriptProblems())
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.toString())
                            .isEqualTo("connection 1, step 12 of 14: expected line \"QUIT\", seen \"RSET\\r\\n\""));
        }
    }

    @Test
    void resetBeforeAnswerThrows() throws Exception {
        try (EchoServer server = Scripts.start("smtp.echo", "reset after 4 messages")) {
            assertThatThrownBy(() -> send(server))
                    .isInstanceOf(MessagingException.class)
                    .hasStackTraceContaining("Connection reset");

            Scripts.assertApplied(server, "reset after 4 messages");
        }
    }

    @Test
    void fragmentedAnswersAreRead() throws Exception {
        try (EchoServer server = Scripts.start("smtp.echo", "fragment 1")) {
            send(server);

            server.recording().connection(1).awaitEnd();
            Scripts.assertMet(server);
        }
    }

    private static void send(EchoServer server) throws IOException, MessagingException {
        Properties properties = new Properties();
        properties.put("mail.smtp.host", "127.0.0.1");
        properties.put("mail.smtp.port", Integer.toString(server.port()));
        properties.put("mail.smtp.localhost", "client.example.org");
        properties.put("mail.smtp.timeout", "30000");
        MimeMessage message = new MimeMessage(Session.getInstance(properties));
        message.setFrom("me@example.org");
        message.setRecipients(Message.RecipientType.TO, "you@example.org");
        message.setText("hello\n.\n");
        Transport.send(message);
    }
}
