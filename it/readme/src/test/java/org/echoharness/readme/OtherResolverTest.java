package org.echoharness.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.echoharness.EchoServer;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** What TESTS.md says about extensions that resolve every parameter. */
@Timeout(60)
class OtherResolverTest {

    /** As some frameworks do. */
    static final class EveryParameter implements ParameterResolver {

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return true;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return "from the other extension";
        }
    }

    @EchoTest
    @ExtendWith(EveryParameter.class)
    static class BothInParametersFixture {

        @Test
        void test(EchoServer server) {}
    }

    @EchoTest
    @ExtendWith(EveryParameter.class)
    static class FieldFixture {

        @Echo
        EchoServer server; // JUnit does not ask other extensions about a field

        @Test
        void worksBesideAnyResolver(String other) {
            assertThat(other).isEqualTo("from the other extension");
            assertThat(server.isRunning()).isTrue();
        }
    }

    @Test
    void junitRefusesTwoResolvers() {
        assertThat(failures(BothInParametersFixture.class))
                .singleElement()
                .asString()
                .startsWith("Discovered multiple competing ParameterResolvers for parameter");
    }

    @Test
    void fieldAvoidsConflict() {
        assertThat(failures(FieldFixture.class)).isEmpty();
    }

    private static List<String> failures(Class<?> fixture) {
        List<String> failures = new CopyOnWriteArrayList<>();
        List<String> passed = new CopyOnWriteArrayList<>();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(DiscoverySelectors.selectClass(fixture))
                                .build(),
                        new TestExecutionListener() {
                            @Override
                            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                                result.getThrowable().ifPresent(failure -> failures.add(failure.getMessage()));
                                if (test.isTest() && result.getThrowable().isEmpty()) {
                                    passed.add(test.getDisplayName());
                                }
                            }
                        });
        assertThat(failures.size() + passed.size()).isPositive();
        return failures;
    }
}
