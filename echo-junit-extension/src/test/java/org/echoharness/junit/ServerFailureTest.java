package org.echoharness.junit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that closes by itself after an error in its event loop fails the test that was running. */
class ServerFailureTest {

    private static final String SAID =
            " closed by itself, since an error left its event loop: java.lang.OutOfMemoryError: Java heap space";

    /** Makes an alarm of the event loop throw, as no handler of the server does. */
    private static void fail(EchoServer server) throws Exception {
        Object loop = call(((List<?>) call(call(server, "core"), "loops")).get(0), "loop");
        Class<?> handler = Class.forName("org.echoharness.loop.EventLoopHandler");
        Object failing = Proxy.newProxyInstance(
                handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                    if (method.getName().equals("alarm")) {
                        throw new OutOfMemoryError("Java heap space");
                    }
                    return method.getName().equals("hashCode") ? 1 : null;
                });
        Runnable alarm = () -> {
            try {
                Object alarms = call(loop, "alarms");
                method(alarms.getClass(), "set", long.class, handler).invoke(alarms, System.nanoTime(), failing);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        };
        method(loop.getClass(), "post", Runnable.class).invoke(loop, alarm);
        assertThat(server.awaitClose(Duration.ofSeconds(60))).isTrue();
        assertThat(server.failure()).containsInstanceOf(OutOfMemoryError.class);
    }

    private static Object call(Object on, String name) throws ReflectiveOperationException {
        return method(on.getClass(), name).invoke(on);
    }

    private static Method method(Class<?> type, String name, Class<?>... parameters)
            throws ReflectiveOperationException {
        Method method = type.getDeclaredMethod(name, parameters);
        method.setAccessible(true);
        return method;
    }

    static class OfTheTest {
        @Test
        @EchoTest(checks = "none")
        void passes(EchoServer server) throws Exception {
            InjectedLog.server(server);
            fail(server);
        }
    }

    static class Unrecorded {
        @Test
        @EchoTest(recording = "none")
        void passes(EchoServer server) throws Exception {
            InjectedLog.server(server);
            fail(server);
        }
    }

    static class InAfterEach {
        @Test
        void passes(@Echo EchoServer server) {
            InjectedLog.server(server);
        }

        @AfterEach
        void end(@Echo EchoServer server) throws Exception {
            fail(server);
        }
    }

    static class InAfterAll {
        @Test
        void passes(@Echo EchoServer server) {
            InjectedLog.server(server);
        }

        @AfterAll
        static void end(@Echo EchoServer server) throws Exception {
            fail(server);
        }
    }

    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class OfTheClass {
        @Echo
        static EchoServer server;

        @Test
        @Order(1)
        void passes() throws Exception {
            InjectedLog.server(server);
            fail(server);
        }

        @Test
        @Order(2)
        void passesAfterFailure() {
            assertThat(server.isRunning()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {OfTheTest.class, Unrecorded.class, InAfterEach.class, InAfterAll.class, OfTheClass.class})
    void failsPassedTest(Class<?> fixture) throws IOException {
        assertThat(Run.of(fixture).failure())
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("(?s)server \"default\".*" + SAID)
                .hasMessageNotContaining("\n")
                .hasCauseInstanceOf(OutOfMemoryError.class);
    }

    static class Failing {
        @Test
        @EchoTest
        void failsWithServer(EchoServer server, EchoClient client) throws Exception {
            InjectedLog.server(server);
            fail(server);
            client.expectEcho("hello".getBytes(UTF_8));
        }
    }

    @Test
    void explainsFailureOfTest() throws IOException {
        Throwable failure = Run.of(Failing.class).failure();

        assertThat(failure).isInstanceOf(IOException.class);
        assertThat(failure.getSuppressed())
                .filteredOn(each -> String.valueOf(each.getMessage()).endsWith(SAID))
                .singleElement()
                .satisfies(each ->
                        assertThat(each).isInstanceOf(EchoTranscript.class).hasCauseInstanceOf(OutOfMemoryError.class));
    }

    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class LaterToo {
        @Echo
        static EchoServer server;

        @Test
        @Order(1)
        void passes() throws Exception {
            fail(server);
        }

        @Test
        @Order(2)
        void isRefused() throws IOException {
            EchoClient.connect(server.address()).close();
        }
    }

    @Test
    void explainsRefusalOfLaterTests() {
        List<Throwable> failures = Run.of(LaterToo.class).failures();

        assertThat(failures).hasSize(2);
        assertThat(failures.get(0)).hasCauseInstanceOf(OutOfMemoryError.class);
        assertThat(failures.get(1).getSuppressed())
                .anySatisfy(
                        each -> assertThat(each).hasMessageEndingWith(SAID).hasCauseInstanceOf(OutOfMemoryError.class));
    }
}
