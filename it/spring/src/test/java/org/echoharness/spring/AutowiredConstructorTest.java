package org.echoharness.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.echoharness.EchoServer;
import org.echoharness.junit.Echo;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

/** Spring takes every parameter of an {@code @Autowired} constructor; the error says where to inject instead. */
class AutowiredConstructorTest {

    @EchoTest
    @SpringJUnitConfig(Nothing.class)
    static class Both {
        @Autowired
        Both(ApplicationContext context, @Echo EchoServer server) {}

        @Test
        void test() {}
    }

    static class Nothing {}

    @Test
    void errorNamesOtherInjectionPoints() {
        List<String> failures = new CopyOnWriteArrayList<>();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(DiscoverySelectors.selectClass(Both.class))
                                .build(),
                        new TestExecutionListener() {
                            @Override
                            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                                result.getThrowable().ifPresent(failure -> failures.add(failure.getMessage()));
                            }
                        });

        assertEquals(
                List.of("parameter 2 (EchoServer) of the constructor of " + Both.class.getName()
                        + ": Spring resolves every parameter of an @Autowired constructor; inject it into a field with @Echo,"
                        + " or into a parameter of a test or lifecycle method"),
                failures);
    }
}
