package org.echoharness.junit;

import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import javax.net.ssl.SSLContext;
import org.echoharness.EchoClient;
import org.echoharness.ServerAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ModifierSupport;

/**
 * The checked declaration of a server, by one {@link EchoTest} or {@link EchoExtension}. Equal declarations mean the
 * same server.
 *
 * @param on the class or method with the annotation, or the field with the extension
 */
record Declaration(ServerOptions options, AnnotatedElement on) {

    /** The server that exists if a test declares none. */
    static final Declaration IMPLICIT = new Declaration(ServerOptions.DEFAULTS, Implicit.class);

    /** The configuration parameter with the source of the servers whose declaration says EMBEDDED. */
    static final String SOURCE = "echo.source";

    private interface Implicit {}

    Declaration {
        try {
            options.check();
            if (on instanceof Method method) {
                checkIsTest(method);
            }
            if (on instanceof Executable && options.scope().compareTo(EchoScope.METHOD) > 0) {
                throw new IllegalArgumentException("scope (" + options.scope()
                        + ") is more than the one test that this declares it for; leave scope out, or declare it on the"
                        + " class");
            }
            if (on instanceof Field field
                    && ModifierSupport.isNotStatic(field)
                    && options.scope().compareTo(EchoScope.METHOD) > 0) {
                throw new IllegalArgumentException("scope (" + options.scope()
                        + ") is more than the instance that the field belongs to; make the field static");
            }
        } catch (IllegalArgumentException refused) {
            throw new ExtensionConfigurationException(text(options, on) + ": " + refused.getMessage(), refused);
        }
    }

    /** Refuses other methods, because the annotation would have no effect there. */
    private static void checkIsTest(Method method) {
        if (!AnnotationSupport.isAnnotated(method, Testable.class)) {
            throw new IllegalArgumentException("it has no effect on a method that is not a test; declare it on the test"
                    + " methods that need it, or on the class");
        }
        String barrier =
                ModifierSupport.isPrivate(method) ? "private" : ModifierSupport.isStatic(method) ? "static" : "";
        if (!barrier.isEmpty()) {
            throw new IllegalArgumentException(
                    "it has no effect, since JUnit runs no " + barrier + " test method; remove " + barrier);
        }
    }

    String name() {
        return options.name();
    }

    /** Returns the class that has the annotation, or whose member has it. */
    Class<?> type() {
        if (on instanceof Class<?> type) {
            return type;
        }
        return on instanceof Member member ? member.getDeclaringClass() : Object.class;
    }

    /** Returns its name in error messages. */
    String text() {
        return text(options, on);
    }

    /**
     * In the scope RUN, a name means one server, wherever it is declared. In other scopes, declarations at two places
     * are two servers.
     */
    boolean isSameServerAs(Declaration other) {
        if (scope() != EchoScope.RUN || other.scope() != EchoScope.RUN || !name().equals(other.name())) {
            return equals(other);
        }
        if (!options.equals(other.options)) {
            throw new IllegalArgumentException("its scope is RUN, and " + other.text()
                    + " has its name and differs; declare both alike, or give each a name of its own");
        }
        return true;
    }

    /** Returns INFERRED if the place of injection decides. */
    EchoScope scope() {
        if (options.scope() != EchoScope.INFERRED) {
            return options.scope();
        }
        if (on instanceof Executable) {
            return EchoScope.METHOD;
        }
        boolean isForClass = on instanceof Field field ? ModifierSupport.isStatic(field) : options.isKnownOutside();
        return isForClass ? EchoScope.CLASS : EchoScope.INFERRED;
    }

    /** Returns whether the server runs even if it is injected nowhere. */
    boolean startsByItself() {
        return on instanceof Field ? options.source() != Source.EXTERNAL : options.isKnownOutside();
    }

    /**
     * Returns where the server runs in this run of the tests: where the declaration says, unless that is EMBEDDED and a
     * configuration parameter says otherwise. With an option that only an embedded server can take, it is EMBEDDED.
     */
    Source source(ExtensionContext context) {
        if (options.source() != Source.EMBEDDED || !options.fixedOptions().isEmpty()) {
            return options.source();
        }
        String text = context.getConfigurationParameter(SOURCE).orElse("").strip();
        for (Source each : Source.values()) {
            if (each.name().equals(text)) {
                return each;
            }
        }
        if (!text.isEmpty()) {
            throw new IllegalArgumentException("the configuration parameter " + SOURCE + " (" + text
                    + ") must be EMBEDDED, EXTERNAL or EXTERNAL_OR_EMBEDDED");
        }
        return Source.EMBEDDED;
    }

    /** @param tls what the client trusts, unless code of the declaration says otherwise; null for no TLS */
    EchoClient connect(ServerAddress address, @Nullable SSLContext tls) throws IOException {
        return options.newClient(tls).address(address).connect();
    }

    /** Returns an error about this declaration. */
    ExtensionConfigurationException refused(@Nullable String why, @Nullable Exception cause) {
        return new ExtensionConfigurationException(text() + ": " + why, cause);
    }

    private static String text(ServerOptions options, AnnotatedElement on) {
        String server = "server \"" + options.name() + "\"";
        if (on == Implicit.class) {
            return server;
        }
        if (on instanceof Field field) {
            return server + " (@RegisterExtension on " + InjectionPoint.name(field) + ")";
        }
        return server + " (@EchoTest on " + (on instanceof Executable method ? InjectionPoint.name(method) : on) + ")";
    }
}
