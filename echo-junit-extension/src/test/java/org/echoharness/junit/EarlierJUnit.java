package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Objects;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary.Failure;

/** Run only by it/junit-versions/5.11.4: each use of the extension names the version that it needs. */
class EarlierJUnit {

    @ParameterizedTest
    @ValueSource(
            classes = {
                OnClass.class,
                OnMethod.class,
                InstanceField.class,
                StaticField.class,
                TestParameter.class,
                LifecycleParameter.class,
                ClassParameter.class,
                ConstructorParameter.class,
                Registered.class,
                RegisteredInInstance.class
            })
    void namesRequiredVersion(Class<?> fixture) {
        List<Failure> failures = failures(fixture);

        assertThat(failures)
                .isNotEmpty()
                .allSatisfy(failure -> assertThat(text(failure.getException()))
                        .contains("echo-junit-extension needs JUnit Jupiter 5.12.2 or later, and "
                                + System.getProperty("junit.version.expected")
                                + " is on the class path; set the version of org.junit.jupiter:junit-jupiter (or of"
                                + " org.junit:junit-bom) to 5.12.2 or later"));
    }

    @Test
    void leavesOtherFailuresUnchanged() {
        assertThat(failures(Other.class))
                .singleElement()
                .satisfies(failure -> assertThat(text(failure.getException())).doesNotContain("5.12.2"));
    }

    private static List<Failure> failures(Class<?> fixture) {
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(DiscoverySelectors.selectClass(fixture))
                                .build(),
                        summary);
        return summary.getSummary().getFailures();
    }

    private static String text(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    @EchoTest
    static class OnClass {
        @Test
        void test() {}
    }

    static class OnMethod {
        @Test
        @EchoTest
        void test() {}
    }

    static class InstanceField {
        @Echo
        EchoServer server;

        @Test
        void test() {
            Objects.requireNonNull(server);
        }
    }

    static class StaticField {
        @Echo
        static EchoServer server;

        @Test
        void test() {
            Objects.requireNonNull(server);
        }
    }

    static class TestParameter {
        @Test
        void test(@Echo EchoClient client) {
            Objects.requireNonNull(client);
        }
    }

    static class LifecycleParameter {
        @BeforeEach
        void begin(@Echo EchoClient client) {
            Objects.requireNonNull(client);
        }

        @Test
        void test() {}
    }

    static class ClassParameter {
        @BeforeAll
        static void begin(@Echo EchoClient client) {
            Objects.requireNonNull(client);
        }

        @Test
        void test() {}
    }

    static class ConstructorParameter {
        ConstructorParameter(@Echo EchoClient client) {
            Objects.requireNonNull(client);
        }

        @Test
        void test() {}
    }

    static class Registered {
        @RegisterExtension
        static final EchoExtension ECHO = EchoExtension.builder().build();

        @Test
        void test() {}
    }

    static class RegisteredInInstance {
        @RegisterExtension
        final EchoExtension echo = EchoExtension.builder().build();

        @Test
        void test() {}
    }

    static class Other {
        @Test
        void test() {
            throw new NoClassDefFoundError("org/example/Missing");
        }
    }
}
