package org.echoharness.junit;

import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * The extension that JUnit calls. To limit the time of tests, it uses types that JUnit has only from 5.12 on. It is a
 * class of its own so that an earlier JUnit can load {@link EchoExtension}.
 */
final class TimeoutAwareExtension extends EchoExtension implements InvocationInterceptor, PreInterruptCallback {

    /** Called for the annotations. Such an extension declares nothing. */
    TimeoutAwareExtension() {
        this(null);
    }

    TimeoutAwareExtension(@Nullable ServerOptions declared) {
        super(declared);
    }

    @Override
    public void interceptBeforeAllMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        limited(invocation, method, context);
    }

    @Override
    public void interceptBeforeEachMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        limited(invocation, method, context);
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        limited(invocation, method, context);
    }

    @Override
    public void interceptTestTemplateMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        limited(invocation, method, context);
    }

    @Override
    public void interceptAfterEachMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        limited(invocation, method, context);
    }

    @Override
    public void interceptAfterAllMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        limited(invocation, method, context);
    }

    @Override
    public <T> T interceptTestFactoryMethod(
            Invocation<T> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        return limited(invocation, method, context);
    }

    /** Limits the time of a method, if this is the registered instance that acts. */
    private <T> T limited(
            Invocation<T> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        Method executable = method.getExecutable();
        return leads(context, method)
                ? TimeLimit.run(invocation, executable.getName() + "()", executable, context)
                : invocation.proceed();
    }

    /** Adds to the failure of a dynamic test what happened on its connections: a dynamic test has no callbacks. */
    @Override
    public void interceptDynamicTest(
            Invocation<Void> invocation, DynamicTestInvocationContext dynamic, ExtensionContext context)
            throws Throwable {
        if (!leads(context, "dynamic")) {
            invocation.proceed();
            return;
        }
        markBefore(context);
        try {
            TimeLimit.run(
                    invocation,
                    context.getDisplayName(),
                    context.getTestMethod().orElse(null),
                    context);
        } catch (Throwable failure) {
            EndOfScope.failInside(context);
            FailureReport.of(failure, context);
            throw failure;
        }
    }

    /** A thread of JUnit calls this when the time of a test or lifecycle method is up. */
    @Override
    public void beforeThreadInterrupt(PreInterruptContext hang, ExtensionContext context) {
        if (leads(context, hang)) {
            HangRescue.free(hang.getThreadToInterrupt(), context);
        }
    }
}
