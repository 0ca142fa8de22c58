package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.Recording;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every error names the place, the server and the cure. */
class ErrorsTest {

    private static final String HERE = ErrorsTest.class.getName() + "$";
    private static final String TYPES = "declare it as EchoServer, EchoClient, Supplier<EchoClient>, Recording,"
            + " InetSocketAddress, UnixDomainSocketAddress, Path, URI, int, SSLContext, SSLSocketFactory or"
            + " X509Certificate";

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void refusesParameter(Class<?> fixture, String message) throws IOException {
        assertThat(Run.of(fixture).failure())
                .isInstanceOf(ParameterResolutionException.class)
                .hasMessage(message.replace("HERE", HERE));
    }

    static Stream<Arguments> refusesParameter() {
        return Stream.of(
                arguments(
                        UnknownName.class,
                        "parameter 1 (EchoServer) of HEREUnknownName.test: no server \"c\" is visible, only \"a\", \"b\";"
                                + " correct the name in @Echo, or declare @EchoTest(name = \"c\")"),
                arguments(
                        UndeclaredName.class,
                        "parameter 1 (EchoClient) of HEREUndeclaredName.test: no server \"c\" is visible, only"
                                + " \"default\"; correct the name in @Echo, or declare @EchoTest(name = \"c\")"),
                arguments(
                        DefaultName.class,
                        "parameter 1 (EchoServer) of HEREDefaultName.test: no server \"default\" is visible, only \"a\";"
                                + " correct the name in @Echo, or declare @EchoTest(name = \"default\")"),
                arguments(
                        SeveralVisible.class,
                        "parameter 1 (EchoServer) of HERESeveralVisible.test: several servers are visible, \"of method\","
                                + " \"of class\"; say which, as in @Echo(\"of method\")"),
                arguments(
                        WrongType.class,
                        "parameter 2 (String) of HEREWrongType.test: @Echo cannot inject java.lang.String; " + TYPES),
                arguments(
                        WrongSupplier.class,
                        "parameter 1 (Supplier) of HEREWrongSupplier.test: @Echo cannot inject"
                                + " java.util.function.Supplier<java.lang.String>; " + TYPES),
                arguments(
                        NotRecorded.class,
                        "parameter 1 (Recording) of HERENotRecorded.test: server \"default\" (@EchoTest on class"
                                + " HERENotRecorded): it has no Recording, since its recording is none; leave that out"),
                arguments(
                        RecordedElsewhere.class,
                        "parameter 1 (Recording) of HERERecordedElsewhere.test: server \"default\" (@EchoTest on class"
                                + " HERERecordedElsewhere): it is external, and has no control by which its Recording could"
                                + " be reached (the address is from @EchoTest(external)); start it with the option"
                                + " control, inject EchoClient, Supplier<EchoClient>, InetSocketAddress,"
                                + " UnixDomainSocketAddress, Path, URI or int instead, or set source to EMBEDDED"),
                arguments(
                        Unresolved.class,
                        "parameter 1 (InetSocketAddress) of HEREUnresolved.test: server \"default\" (@EchoTest on class"
                                + " HEREUnresolved): cannot connect to no-such-host.invalid:1: the name does not resolve;"
                                + " check its spelling, or write an address (the address is from @EchoTest(external))"),
                arguments(
                        Constructor.class,
                        "parameter 1 (Object) of the constructor of HEREConstructor: @Echo cannot inject"
                                + " java.lang.Object; " + TYPES),
                arguments(
                        InnerConstructor.class,
                        "parameter 1 (long) of the constructor of HEREInnerConstructor$Inner: @Echo cannot inject long; "
                                + TYPES));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void refusesField(Class<?> fixture, String message) throws IOException {
        assertThat(Run.of(fixture).failure())
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessage(message.replace("HERE", HERE));
    }

    static Stream<Arguments> refusesField() {
        return Stream.of(
                arguments(
                        FinalField.class,
                        "field \"server\" of HEREFinalField: it is final; @Echo sets it later than its initializer: remove"
                                + " final"),
                arguments(
                        FinalStaticField.class,
                        "field \"server\" of HEREFinalStaticField: it is final; @Echo sets it later than its initializer:"
                                + " remove final"),
                arguments(
                        SetField.class,
                        "field \"server\" of HERESetField: it already has a value; remove its"
                                + " initializer, and do not make it static where classes that run in parallel inherit it"),
                arguments(
                        IntSet.class,
                        "field \"port\" of HEREIntSet: it already has a value; remove its initializer,"
                                + " and do not make it static where classes that run in parallel inherit it"),
                arguments(WrongField.class, "field \"port\" of HEREWrongField: @Echo cannot inject long; " + TYPES),
                arguments(
                        UnknownField.class,
                        "field \"server\" of HEREUnknownField: no server \"c\" is visible, only \"default\"; correct the"
                                + " name in @Echo, or declare @EchoTest(name = \"c\")"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void refusesDeclarationWithoutInjection(Class<?> fixture, String message) throws IOException {
        assertThat(Run.of(fixture).failure())
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessage(message.replace("HERE", HERE))
                .hasNoSuppressedExceptions(); // such as the same error, from the end of the class
    }

    static Stream<Arguments> refusesDeclarationWithoutInjection() {
        return Stream.of(
                arguments(
                        DeclaredTwice.class,
                        "server \"a\" (@EchoTest on class HEREDeclaredTwice): it is declared there twice, differently; give"
                                + " each a name of its own"),
                arguments(
                        MethodDeclaredTwice.class,
                        "server \"a\" (@EchoTest on HEREMethodDeclaredTwice.test): it is declared there twice, differently;"
                                + " give each a name of its own"),
                arguments(
                        OfTwoInterfaces.class,
                        "server \"default\" (@EchoTest on interface HERESmall): it is declared differently from server"
                                + " \"default\" (@EchoTest on interface HERELarge); declare it on the class that inherits"
                                + " both, or give each a name of its own"),
                arguments(
                        Nameless.class, "server \" \" (@EchoTest on interface HERENamed): the name must not be blank"),
                arguments(
                        EmbeddedElsewhere.class,
                        "server \"default\" (@EchoTest on class HEREEmbeddedElsewhere): external (127.0.0.1:1) names a"
                                + " server of another process; set source to EXTERNAL or EXTERNAL_OR_EMBEDDED"),
                arguments(
                        ExternalWithOptions.class,
                        "server \"default\" (@EchoTest on class HEREExternalWithOptions): an EXTERNAL server takes no"
                                + " addresses here; set it where the server is started, or set source to"
                                + " EXTERNAL_OR_EMBEDDED"),
                arguments(
                        MalformedAddress.class,
                        "server \"default\" (@EchoTest on class HEREMalformedAddress): address (nowhere) is not usable: it"
                                + " has no port; write it as host:port, [v6]:port, *:port or unix:PATH, with port 0 if the kernel is"
                                + " to pick one"),
                arguments(
                        ScopeOfMethod.class,
                        "server \"default\" (@EchoTest on HEREScopeOfMethod.test): scope (CLASS) is more than the one test"
                                + " that this declares it for; leave scope out, or declare it on the class"),
                arguments(
                        MalformedExternal.class,
                        "server \"default\" (@EchoTest on class HEREMalformedExternal): address (127.0.0.1:0) must name the"
                                + " port that the server listens on; port 0 is for servers"),
                arguments(
                        WrongOption.class,
                        "server \"default\" (@EchoTest on class HEREWrongOption): bufferSize (0) must be at least 1 byte"),
                arguments(
                        WrongClientOption.class,
                        "server \"default\" (@EchoTest on HEREWrongClientOption.test): readTimeout (5) must be a duration"
                                + " with its unit (ms, s, m or h), such as 50ms, 2s or 1m, of at most 365 days"));
    }

    @Test
    void checksValuesBeforeTestBody() throws IOException {
        assertThat(Run.of(CheckedFirst.class).failure())
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessage("server \"default\" (@EchoTest on " + HERE
                        + "CheckedFirst.second): bufferSize (0) must be at least 1 byte");
        assertThat(InjectedLog.times()).isZero();
    }

    @Test
    void acceptsSameDeclarationTwice() throws IOException {
        Run.of(DeclaredTwiceAlike.class).passed(1);
    }

    @Test
    void busyPortErrorNamesPortAndClosesServers() throws IOException {
        assertThat(Run.of(BusyPort.class).failure())
                .isInstanceOf(ParameterResolutionException.class)
                .hasMessageStartingWith("parameter 1 (EchoClient) of the constructor of " + HERE
                        + "BusyPort$Inner: server \"busy\" (@EchoTest on " + HERE
                        + "BusyPort$Inner.test): cannot listen on 127.")
                .hasMessageEndingWith(" of the same server uses that port; leave one out")
                .hasCauseInstanceOf(BindException.class);
        assertThat(InjectedLog.servers()).hasSize(1);
        assertThat(InjectedLog.clients()).hasSize(1);
    }

    @Test
    void namesBusyPortOfServerNotInjected() throws IOException {
        assertThat(Run.of(BusyPortNotInjected.class).failure())
                .isInstanceOf(ExtensionConfigurationException.class)
                .hasMessageStartingWith("server \"default\" (@EchoTest on class " + HERE
                        + "BusyPortNotInjected): cannot listen on 127.")
                .hasMessageEndingWith(" of the same server uses that port; leave one out")
                .hasCauseInstanceOf(BindException.class);
    }

    @EchoTest(name = "a")
    @EchoTest(name = "b")
    static class UnknownName {
        @Test
        void test(@Echo("c") EchoServer server) {}
    }

    static class UndeclaredName {
        @Test
        void test(@Echo("c") EchoClient client) {}
    }

    @EchoTest(name = "a")
    static class DefaultName {
        @Test
        void test(@Echo EchoServer server) {}
    }

    @EchoTest(name = "of class")
    static class SeveralVisible {
        @Test
        @EchoTest(name = "of method")
        void test(EchoServer server) {}
    }

    static class WrongType {
        @Test
        void test(@Echo EchoServer server, @Echo String text) {}
    }

    @EchoTest(bufferSize = "0")
    static class WrongOption {
        @Test
        void test(EchoServer server) {}
    }

    static class WrongClientOption {
        @Test
        @EchoTest(readTimeout = "5")
        void test(EchoClient client) {}
    }

    static class Constructor {
        Constructor(@Echo Object server) {}

        @Test
        void test() {}
    }

    static class InnerConstructor {
        @Nested
        class Inner {
            Inner(@Echo long port) {}

            @Test
            void test() {}
        }
    }

    static class FinalField {
        @Echo
        final EchoServer server = null;

        @Test
        void test() {}
    }

    static class FinalStaticField {
        @Echo
        static final EchoServer server = null;

        @Test
        void test() {}
    }

    static class SetField {
        @Echo
        EchoServer server = EchoServer.builder().build();

        @Test
        void test() {}
    }

    static class WrongField {
        @Echo
        static long port;

        @Test
        void test() {}
    }

    static class UnknownField {
        @Echo("c")
        EchoServer server;

        @Test
        void test() {}
    }

    @EchoTest(name = "a")
    @EchoTest(name = "a", bufferSize = "16")
    static class DeclaredTwice {
        @Test
        void test() {}

        @Test // the class fails, once
        void another() {}
    }

    @EchoTest(name = "a")
    @EchoTest(name = "a")
    static class DeclaredTwiceAlike {
        @Test
        void test(EchoServer server) {}
    }

    static class MethodDeclaredTwice {
        @Test
        @EchoTest(name = "a")
        @EchoTest(name = "a", backlog = "1")
        void test() {}
    }

    @EchoTest(name = " ")
    interface Named {
        @Test
        default void test() {}
    }

    static class Nameless implements Named {}

    @EchoTest(external = "127.0.0.1:1")
    static class EmbeddedElsewhere {
        @Test
        void test() {}
    }

    @EchoTest(source = Source.EXTERNAL, addresses = "127.0.0.1:0", bufferSize = "16")
    static class ExternalWithOptions {
        @Test
        void test() {}
    }

    @EchoTest(addresses = "nowhere")
    static class MalformedAddress {
        @Test
        void test() {}
    }

    @EchoTest(name = "fine")
    static class BusyPort {
        BusyPort(@Echo("fine") EchoServer server, @Echo("fine") EchoClient client) throws IOException {
            InjectedLog.server(server);
            InjectedLog.client(client, server);
        }

        @Nested
        class Inner {
            Inner(@Echo("busy") EchoClient client) {}

            @Test // busy even where the port is free: it is taken twice
            @EchoTest(
                    name = "busy",
                    addresses = {"127.0.0.1:10916", "127.1:10916"}) // two texts, one address
            void test() {}
        }
    }

    @EchoTest
    @TestMethodOrder(MethodOrderer.MethodName.class)
    static class CheckedFirst {
        @Test
        void first(EchoServer server) {
            InjectedLog.server(server);
        }

        @Test
        @EchoTest(bufferSize = "0")
        void second() {}
    }

    static class WrongSupplier {
        @Test
        void test(@Echo Supplier<String> texts) {}
    }

    @EchoTest(recording = "none")
    static class NotRecorded {
        @Test
        void test(Recording recording) {}
    }

    @EchoTest(source = Source.EXTERNAL, external = "127.0.0.1:1")
    static class RecordedElsewhere {
        @Test
        void test(Recording recording) {}
    }

    static class ScopeOfMethod {
        @Test
        @EchoTest(scope = EchoScope.CLASS)
        void test() {}
    }

    @EchoTest(source = Source.EXTERNAL, external = "127.0.0.1:0")
    static class MalformedExternal {
        @Test
        void test() {}
    }

    @EchoTest(source = Source.EXTERNAL, external = "no-such-host.invalid:1")
    static class Unresolved {
        @Test
        void test(@Echo InetSocketAddress address) {}
    }

    static class IntSet {
        @Echo
        int port = 7;

        @Test
        void test() {}
    }

    @EchoTest(addresses = {"127.0.0.1:10916", "127.1:10916"}) // two texts, one address
    static class BusyPortNotInjected {
        @Test
        void test() {}
    }

    @EchoTest(bufferSize = "1MiB")
    interface Large {}

    @EchoTest(bufferSize = "1")
    interface Small {}

    static class OfTwoInterfaces implements Large, Small {
        @Test
        void test() {}
    }
}
