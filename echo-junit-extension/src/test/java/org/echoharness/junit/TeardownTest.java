package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;

/** The order in which the extension closes clients and servers. */
class TeardownTest {

    private static final List<String> LOG = new ArrayList<>();

    @Test
    void closesClientsBeforeServers() throws IOException {
        LOG.clear();

        Run.of(Interleaved.class).passed(1);

        assertThat(LOG).containsExactly("0 of 2 clients closed, 2 servers run", "2 of 2 clients closed, 2 servers run");
    }

    @Test
    void closesLastClientFirst() throws IOException {
        List<String> closed = new ArrayList<>();
        OpenedServers scope = new OpenedServers(ScopePath.WHOLE_RUN);
        scope.keep(() -> closed.add("first"));
        scope.keep(() -> closed.add("second"));

        scope.close();

        assertThat(closed).containsExactly("second", "first");
    }

    @Test
    void closesOthersAfterFailureToClose() {
        List<String> closed = new ArrayList<>();
        OpenedServers scope = new OpenedServers(ScopePath.WHOLE_RUN);
        scope.keep(() -> closed.add("first"));
        scope.keep(() -> {
            throw new IOException("refused");
        });
        scope.keep(() -> {
            throw new IllegalStateException("broken");
        });

        assertThatThrownBy(scope::close)
                .isInstanceOf(IOException.class)
                .hasMessage("not every echo client and server could be closed")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .extracting(Throwable::getMessage)
                        .containsExactly("broken", "refused"));
        assertThat(closed).containsExactly("first");
    }

    /** Acts as the oldest client, which the extension closes last. */
    static class Witness implements TestInstancePreConstructCallback {
        @Override
        public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
            return ExtensionContextScope.TEST_METHOD;
        }

        @Override
        public void preConstructTestInstance(TestInstanceFactoryContext factory, ExtensionContext context) {
            OpenedServers.of(context).keep(Witness::log);
        }

        static void log() {
            long closed =
                    InjectedLog.clients().stream().filter(Witness::isClosed).count();
            long running =
                    InjectedLog.servers().stream().filter(EchoServer::isRunning).count();
            LOG.add(closed + " of " + InjectedLog.clients().size() + " clients closed, " + running + " servers run");
        }

        private static boolean isClosed(EchoClient client) {
            try {
                client.send(new byte[1]);
                return false;
            } catch (IOException closed) {
                return true;
            }
        }
    }

    @EchoTest(name = "a")
    @EchoTest(name = "b")
    @ExtendWith(Witness.class)
    static class Interleaved {
        @Test
        void test(
                @Echo("a") EchoServer a, @Echo("a") EchoClient ofA, @Echo("b") EchoServer b, @Echo("b") EchoClient ofB)
                throws IOException {
            InjectedLog.server(a);
            InjectedLog.client(ofA, a);
            InjectedLog.server(b);
            InjectedLog.client(ofB, b);
            Witness.log();
        }
    }
}
