package org.echoharness.junit;

import org.echoharness.EchoServer;

/** Fixtures: the injection points, with a declaration of each scope. */
final class Scoped {

    private Scoped() {}

    @EchoTest(scope = EchoScope.METHOD)
    interface ForMethod {}

    @EchoTest(scope = EchoScope.CLASS)
    interface ForClass {}

    @EchoTest(scope = EchoScope.RUN)
    interface ForRun {}

    static class MethodStaticField extends Places.StaticField implements ForMethod {}

    static class ClassStaticField extends Places.StaticField implements ForClass {}

    static class RunStaticField extends Places.StaticField implements ForRun {}

    static class MethodBeforeAll extends Places.BeforeAllParameter implements ForMethod {}

    static class ClassBeforeAll extends Places.BeforeAllParameter implements ForClass {}

    static class RunBeforeAll extends Places.BeforeAllParameter implements ForRun {}

    static class MethodAfterAll extends Places.AfterAllParameter implements ForMethod {}

    static class ClassAfterAll extends Places.AfterAllParameter implements ForClass {}

    static class RunAfterAll extends Places.AfterAllParameter implements ForRun {}

    static class MethodInstanceField extends Places.InstanceField implements ForMethod {}

    static class ClassInstanceField extends Places.InstanceField implements ForClass {}

    static class RunInstanceField extends Places.InstanceField implements ForRun {}

    static class MethodConstructor extends Places.ConstructorParameter implements ForMethod {
        MethodConstructor(EchoServer server) {
            super(server);
        }
    }

    static class ClassConstructor extends Places.ConstructorParameter implements ForClass {
        ClassConstructor(EchoServer server) {
            super(server);
        }
    }

    static class RunConstructor extends Places.ConstructorParameter implements ForRun {
        RunConstructor(EchoServer server) {
            super(server);
        }
    }

    static class MethodBeforeEach extends Places.BeforeEachParameter implements ForMethod {}

    static class ClassBeforeEach extends Places.BeforeEachParameter implements ForClass {}

    static class RunBeforeEach extends Places.BeforeEachParameter implements ForRun {}

    static class MethodTestPlace extends Places.TestParameter implements ForMethod {}

    static class ClassTestPlace extends Places.TestParameter implements ForClass {}

    static class RunTestPlace extends Places.TestParameter implements ForRun {}

    static class MethodAfterEach extends Places.AfterEachParameter implements ForMethod {}

    static class ClassAfterEach extends Places.AfterEachParameter implements ForClass {}

    static class RunAfterEach extends Places.AfterEachParameter implements ForRun {}
}
