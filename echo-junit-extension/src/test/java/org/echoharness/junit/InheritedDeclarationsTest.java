package org.echoharness.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.echoharness.junit.VisibilityTest.addresses;

import java.io.IOException;
import org.echoharness.EchoServer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Declarations that a class inherits from its grandparent. */
class InheritedDeclarationsTest {

    @EchoTest(addresses = {"127.0.0.1:0", "127.0.0.1:0"})
    static class Grandparent {
        @Test
        void usesServer(EchoServer server) {
            addresses(2, server);
        }
    }

    static class Parent extends Grandparent {}

    static class Child extends Parent {}

    static class Grandchild extends Child {
        @Nested
        class Inner {
            @Test
            void usesServer(EchoServer server) {
                addresses(2, server);
            }
        }
    }

    @EchoTest(addresses = {"127.0.0.1:0", "127.0.0.1:0"})
    interface FarInterface {
        @Test
        default void usesServer(EchoServer server) {
            addresses(2, server);
        }
    }

    interface NearInterface extends FarInterface {}

    static class OfInterfaces implements NearInterface {}

    static class OfParentsInterfaces extends OfInterfaces {}

    static class WithField {
        @RegisterExtension
        static final EchoExtension SERVER = EchoExtension.builder()
                .server(server -> server.addresses("127.0.0.1:0", "127.0.0.1:0"))
                .build();

        @Test
        void usesServer(EchoServer server) {
            addresses(2, server);
        }
    }

    static class ChildOfField extends WithField {}

    static class GrandchildOfField extends ChildOfField {}

    @ParameterizedTest
    @ValueSource(
            classes = {
                Child.class,
                Grandchild.class,
                OfInterfaces.class,
                OfParentsInterfaces.class,
                ChildOfField.class,
                GrandchildOfField.class
            })
    void inheritsDeclarationOfGrandparent(Class<?> fixture) throws IOException {
        Run.of(fixture).passed(fixture == Grandchild.class ? 2 : 1);
    }

    @EchoTest(addresses = {"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"})
    static class Nearer extends Parent {
        @Test
        @Override
        void usesServer(EchoServer server) {
            addresses(3, server);
        }
    }

    static class ChildOfNearer extends Nearer {}

    @Test
    void parentOverridesGrandparent() throws IOException {
        Run.of(ChildOfNearer.class).passed(1);

        assertThat(InjectedLog.servers()).hasSize(1);
    }
}
