package org.echoharness.junit;

import static org.junit.jupiter.api.extension.TestInstantiationAwareExtension.ExtensionContextScope.TEST_METHOD;

import java.io.IOException;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestInstancePostProcessor;

/** Where JUnit calls, by any thread. It keeps no state: that is in the {@link Scope} of each extension context. */
final class EchoExtension
        implements BeforeAllCallback,
                BeforeEachCallback,
                AfterEachCallback,
                TestInstancePostProcessor,
                ParameterResolver {

    EchoExtension() {}

    /** So that what a constructor or an instance field gets belongs to the test, as the instance does. */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
        return TEST_METHOD;
    }

    /** Names, sources and what goes with them are checked here, also where nothing is injected; values when used. */
    @Override
    public void beforeAll(ExtensionContext context) {
        Declarations.visibleFrom(context);
        Fields.injectStatic(context);
    }

    @Override
    public void postProcessTestInstance(Object instance, ExtensionContext context) {
        Fields.injectInstance(instance, context);
    }

    /** Starts the servers that can be reached without being injected. */
    @Override
    public void beforeEach(ExtensionContext context) {
        for (Declaration declaration : Declarations.visibleFrom(context).all()) {
            try {
                if (declaration.hasFixedPort()) {
                    Scope.peer(declaration, context);
                }
            } catch (IOException | IllegalArgumentException | IllegalStateException e) {
                throw new ExtensionConfigurationException(declaration.text() + ": " + e.getMessage(), e);
            }
        }
        Scope.markBefore(context);
    }

    /** A failed test tells what happened on its connections. */
    @Override
    public void afterEach(ExtensionContext context) {
        Explanation.of(context, Scope.seenBefore(context));
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == EchoServer.class || type == EchoClient.class || parameter.isAnnotated(Echo.class);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Place place = Place.of(parameter);
        return Injection.inject(place, context, ParameterResolutionException::new);
    }
}
