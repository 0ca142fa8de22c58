package org.echoharness.clients.tls;

import java.util.Arrays;
import java.util.List;
import org.echoharness.EchoServer;

/** The clients that are programs. The tests run what the page says. */
final class ProgramClients {

    private static final String ANSWER_LINE = "\"" + TlsClient.ANSWER + "\\n\"";

    private ProgramClients() {}

    /** Sends a line and reads until the server closes. */
    static final class Openssl implements TlsClient {

        @Override
        public void assume() {
            Program.assumeOpenssl3(List.of("openssl", "version"));
        }

        @Override
        public EchoServer.Builder serve(EchoServer.Builder server) {
            return server.script("expect " + ANSWER_LINE + ", send " + ANSWER_LINE + ", close");
        }

        @Override
        public String exchange(EchoServer server, Trust trust, String setting) throws Exception {
            String output = Program.run(ANSWER + "\n", words(setting, server, trust));
            List<String> lines = output.lines().toList();
            return lines.get(lines.size() - 1);
        }
    }

    static final class Curl implements TlsClient {

        @Override
        public void assume() {
            Program.assumeOpenssl3(List.of("curl", "--version"));
        }

        @Override
        public EchoServer.Builder serve(EchoServer.Builder server) {
            return server.script(HttpsClient.SCRIPT);
        }

        @Override
        public String exchange(EchoServer server, Trust trust, String setting) throws Exception {
            return Program.run("", words(setting, server, trust));
        }
    }

    static final class Python implements TlsClient {

        private static final List<String> VERSION =
                List.of("python3", "-c", "import ssl, sys; print(ssl.OPENSSL_VERSION); print(sys.executable)");

        @Override
        public void assume() {
            Program.assumeOpenssl3(VERSION);
        }

        /** The command may be a script that looks for Python, which takes longer than the rest. */
        private static String executable() {
            return Program.assumeOpenssl3(VERSION).lines().skip(1).findFirst().orElseThrow();
        }

        @Override
        public String exchange(EchoServer server, Trust trust, String setting) throws Exception {
            String program = "import socket, ssl\n"
                    + "context = " + setting.replace("FILE", "'" + trust.file() + "'") + "\n"
                    + "with socket.create_connection(('localhost', " + server.port() + "), 60) as plain:\n"
                    + "    with context.wrap_socket(plain, server_hostname='localhost') as tls:\n"
                    + "        tls.sendall(b'" + ANSWER + "')\n"
                    + "        print(tls.recv(100).decode())\n";
            return Program.run("", List.of(executable(), "-c", program)).strip();
        }
    }

    private static List<String> words(String command, EchoServer server, Trust trust) {
        return Arrays.stream(command.split(" "))
                .map(word -> word.replace("FILE", trust.file().toString()).replace("PORT", "" + server.port()))
                .toList();
    }
}
