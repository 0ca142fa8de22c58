package org.echoharness.spring;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.Socket;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Value;

/** The application's: a bean that connects when the context starts. */
class Upstream implements DisposableBean {

    private final Socket socket;

    Upstream(@Value("${my.upstream.host}") String host, @Value("${my.upstream.port}") int port) throws IOException {
        socket = new Socket(host, port);
        socket.setSoTimeout(5_000);
    }

    String ask(String question) throws IOException {
        socket.getOutputStream().write(question.getBytes(UTF_8));
        return new String(socket.getInputStream().readNBytes(question.length()), UTF_8);
    }

    @Override
    public void destroy() throws IOException {
        socket.close();
    }
}
