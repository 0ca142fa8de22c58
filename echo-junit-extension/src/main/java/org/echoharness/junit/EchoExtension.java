package org.echoharness.junit;

import static org.junit.jupiter.api.extension.TestInstantiationAwareExtension.ExtensionContextScope.TEST_METHOD;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestInstancePostProcessor;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * Declares an echo server by code, for what an {@link EchoTest} cannot express: a fault plan with a predicate, a
 * callback that receives the conversation, a computed value. A field contains it:
 *
 * <pre>{@code
 * class UpstreamTest {
 *
 *     @RegisterExtension
 *     static final EchoExtension UPSTREAM = EchoExtension.builder()
 *             .name("upstream")
 *             .server(server -> server.faults(Fault.reset().after(4)).conversation(System.out::println))
 *             .build();
 *
 *     @Test
 *     void isRetried(@Echo("upstream") EchoServer upstream) { ... }
 * }
 * }</pre>
 *
 * <p>The field decides how long the server lives, unless {@link Builder#scope} does: with a static field, as long as the
 * class; with an instance field, as long as the instance. It runs for that time even if it is injected nowhere. (An
 * {@link Source#EXTERNAL} server is looked up when it is injected.) Otherwise the rules of {@link EchoTest} and {@link
 * Echo} apply: the server counts as declared on the class that has the field. Parameters of a constructor do not see the
 * servers of instance fields, which are set later.
 */
public sealed class EchoExtension
        implements BeforeAllCallback,
                BeforeEachCallback,
                AfterEachCallback,
                AfterAllCallback,
                TestInstancePostProcessor,
                ParameterResolver
        permits TimeoutAwareExtension {

    // Any thread may call the methods: all state is in the OpenedServers of each extension context.

    private final @Nullable ServerOptions declared;

    EchoExtension(@Nullable ServerOptions declared) {
        this.declared = declared;
    }

    /**
     * JUnit calls this if a test names this class. Such an extension would declare nothing, and free no test that hangs.
     */
    @SuppressWarnings("unused") // by reflection
    private EchoExtension() {
        throw new ExtensionConfigurationException(
                "@ExtendWith(EchoExtension.class): it registers no server; put @EchoTest"
                        + " in its place, which registers the extension, or a @RegisterExtension field with"
                        + " EchoExtension.builder().build()");
    }

    /**
     * Returns a builder with every option at its default: a server called {@code default}.
     *
     * @return a new builder
     * @throws org.junit.jupiter.api.extension.ExtensionConfigurationException if the JUnit on the class path is too old
     */
    public static Builder builder() {
        JUnitVersion.check();
        return new Builder();
    }

    /** Makes what a constructor or an instance field receives belong to the test, as the instance does. */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
        return TEST_METHOD;
    }

    /** Checks all that the class declares, even if nothing is injected. */
    @Override
    public void beforeAll(ExtensionContext context) {
        if (leads(context, "all")) {
            Attachments.deleteOld(context);
            ParameterNames.check(context);
            MemberChecks.check(context);
            TimeLimit.configured(context);
            EndOfScope.of(context);
            ServerLookup.openThoseThatStart(context);
            Fields.injectStatic(context);
        }
    }

    @Override
    public void postProcessTestInstance(Object instance, ExtensionContext context) {
        if (leads(context, instance.getClass())) {
            markBeforeInstance(context);
            MemberChecks.checkRegistered(instance.getClass(), instance, context);
            OpenedServers.made(instance, context);
            Fields.injectInstance(instance, context);
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (leads(context, "each")) {
            ParameterNames.check(context);
            MemberChecks.check(context); // if the extension is registered only on the method
            ServerLookup.openThoseThatStart(context);
            markBefore(context);
            EndOfScope.begin(context);
        }
    }

    /** Adds to the failure of a test what happened on its connections. */
    @Override
    public void afterEach(ExtensionContext context) {
        if (leads(context, "each")) {
            FailureReport.of(context);
        }
    }

    /** Does the same for the failure of a method that runs before or after all tests of a class. */
    @Override
    public void afterAll(ExtensionContext context) {
        if (leads(context, "all")) {
            FailureReport.of(context);
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        if (!Injection.isOwn(parameter.getParameter().getType()) && !parameter.isAnnotated(Echo.class)) {
            return false;
        }
        MemberChecks.refuseAutowired(parameter);
        return leads(context, parameter.getParameter());
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        markBeforeInstance(context);
        InjectionPoint point = InjectionPoint.of(parameter, context);
        return Injection.inject(point, context, ParameterResolutionException::new);
    }

    /**
     * Marks the connections before an instance is made, because its fields and its constructor may connect to servers of
     * the class.
     */
    private static void markBeforeInstance(ExtensionContext context) {
        if (context.getTestMethod().isPresent()) {
            markBefore(context);
        }
    }

    static void markBefore(ExtensionContext test) {
        if (OpenedServers.of(test).begin()) {
            Attachments.deleteOld(test);
        }
        ServerLookup.markBefore(test);
    }

    /**
     * Returns whether this instance handles the call. JUnit registers one instance for the annotations and one for each
     * field. The first that is called acts for all.
     */
    boolean leads(ExtensionContext context, Object call) {
        AnnotationReader.provide(Annotations::new, context);
        List<Object> key = List.of(context.getUniqueId(), call);
        return ExtensionStore.of(context).getOrComputeIfAbsent(key, unused -> this) == this;
    }

    /** Reads {@link EchoTest}, {@link Echo} and fields of this type. */
    static final class Annotations implements AnnotationReader {

        @Override
        public List<ServerOptions> declaredOn(AnnotatedElement element) {
            return AnnotationSupport.findRepeatableAnnotations(new OwnAnnotations(element), EchoTest.class).stream()
                    .map(Annotations::options)
                    .toList();
        }

        @Override
        public @Nullable ServerOptions declaredBy(@Nullable Object value) {
            return value instanceof EchoExtension extension ? extension.declared : null;
        }

        @Override
        public Class<?> declaringType() {
            return EchoExtension.class;
        }

        @Override
        public @Nullable String serverNamed(AnnotatedElement element) {
            return AnnotationSupport.findAnnotation(element, Echo.class)
                    .map(Echo::value)
                    .orElse(null);
        }

        @Override
        public @Nullable String serverNamed(ParameterContext parameter) {
            return parameter.findAnnotation(Echo.class).map(Echo::value).orElse(null);
        }

        @Override
        public List<Field> injectedFields(Class<?> type, Predicate<Field> which) {
            return AnnotationSupport.findAnnotatedFields(type, Echo.class, which);
        }

        static ServerOptions options(EchoTest annotation) {
            List<String> ofServer = new ArrayList<>(EchoServer.Builder.words());
            ofServer.remove(ServerOptions.CONNECT_TIMEOUT); // an attribute of the client, which the server uses too
            List<String> ofClient = new ArrayList<>(EchoClient.Builder.words());
            ofClient.removeAll(ofServer); // an attribute of such a name is for the server
            return new ServerOptions(
                    annotation.name(),
                    annotation.scope(),
                    annotation.source(),
                    annotation.external(),
                    annotation.attachments(),
                    annotation.checks(),
                    annotation.systemProperty(),
                    texts(annotation, ofServer),
                    texts(annotation, ofClient),
                    ServerOptions.NO_SERVER_CODE,
                    ServerOptions.NO_CLIENT_CODE);
        }

        /** Returns the words whose attributes are set, each with its text. */
        private static Map<String, String> texts(EchoTest annotation, List<String> words) {
            Map<String, String> texts = new LinkedHashMap<>();
            for (String word : words) {
                ReflectionSupport.findMethod(EchoTest.class, word).ifPresent(attribute -> {
                    Object value = ReflectionSupport.invokeMethod(attribute, annotation);
                    texts.put(word, value instanceof String[] all ? String.join(",", all) : String.valueOf(value));
                });
            }
            texts.values().removeIf(String::isEmpty);
            return texts;
        }
    }

    /** Sets the options of an {@link EchoTest} by code, and more. Not safe for use by several threads. */
    public static final class Builder {

        private String name = ServerOptions.DEFAULTS.name();
        private EchoScope scope = ServerOptions.DEFAULTS.scope();
        private Source source = ServerOptions.DEFAULTS.source();
        private String external = ServerOptions.DEFAULTS.external();
        private boolean attachments = ServerOptions.DEFAULTS.attachments();
        private String checks = ServerOptions.DEFAULTS.checks();
        private String systemProperty = ServerOptions.DEFAULTS.systemProperty();
        private Consumer<EchoServer.Builder> server = ServerOptions.NO_SERVER_CODE;
        private Consumer<EchoClient.Builder> client = ServerOptions.NO_CLIENT_CODE;

        private Builder() {}

        /**
         * Sets the name, which {@link Echo#value()} and the lookup of an external server use. The default is {@code
         * default}.
         *
         * @param serverName a name, not blank
         * @return this builder
         */
        public Builder name(String serverName) {
            name = serverName;
            return this;
        }

        /**
         * Sets options that differ from the defaults of an embedded server. The defaults are those of an {@link
         * EchoTest}: the server records, and listens on a port of loopback that the kernel picks.
         *
         * @param options sets options; it is called for each server that is built, and to check them in {@link #build}
         * @return this builder
         */
        public Builder server(Consumer<EchoServer.Builder> options) {
            server = options;
            return this;
        }

        /**
         * Sets options that differ from the defaults of the injected clients. Their address is the server's.
         *
         * @param options sets options; it is called for each client that is built, and to check them in {@link #build}
         * @return this builder
         */
        public Builder client(Consumer<EchoClient.Builder> options) {
            client = options;
            return this;
        }

        /**
         * Sets how long the server lives. By default the field decides.
         *
         * @param lifetime the scope
         * @return this builder
         */
        public Builder scope(EchoScope lifetime) {
            scope = lifetime;
            return this;
        }

        /**
         * Sets where the server runs. By default it is embedded in this JVM.
         *
         * @param where the source
         * @return this builder
         */
        public Builder source(Source where) {
            source = where;
            return this;
        }

        /**
         * Sets the address of an external server. By default the extension looks it up, as {@link Source} says.
         *
         * @param address {@code host:port} or {@code [v6]:port}
         * @return this builder
         */
        public Builder external(String address) {
            external = address;
            return this;
        }

        /**
         * Sets whether the extension publishes transcript, page, pcapng file and script of a test that fails. By default it
         * does.
         *
         * @param published whether files are written
         * @return this builder
         */
        public Builder attachments(boolean published) {
            attachments = published;
            return this;
        }

        /**
         * Sets the checks at the end of a test, as {@link EchoTest#checks} describes them.
         *
         * @param names {@code all}, {@code none}, or some of {@code leaks}, {@code resets}, {@code faults}, joined by commas
         * @return this builder
         */
        public Builder checks(String names) {
            checks = names;
            return this;
        }

        /**
         * Sets a prefix of system properties with the server's address, as {@link EchoTest#systemProperty} describes
         * it.
         *
         * @param prefix a prefix, without the dot at its end
         * @return this builder
         */
        public Builder systemProperty(String prefix) {
            systemProperty = prefix;
            return this;
        }

        /**
         * Returns an extension for a field that is annotated with {@link
         * org.junit.jupiter.api.extension.RegisterExtension @RegisterExtension}.
         *
         * @return a new extension
         * @throws IllegalArgumentException if a value is malformed or out of range, or if options do not go together; the
         *     message names the server, the value and the cure
         */
        public EchoExtension build() {
            ServerOptions options = new ServerOptions(
                    name,
                    scope,
                    source,
                    external,
                    attachments,
                    checks,
                    systemProperty,
                    Map.of(),
                    Map.of(),
                    server,
                    client);
            try {
                options.check();
            } catch (IllegalArgumentException refused) {
                throw new IllegalArgumentException("server \"" + name + "\": " + refused.getMessage(), refused);
            }
            return new TimeoutAwareExtension(options);
        }
    }
}
