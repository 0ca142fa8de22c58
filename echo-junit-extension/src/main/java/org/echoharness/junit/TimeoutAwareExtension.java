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
 * The extension that JUnit calls: with the limits on the time of a test, which JUnit has in full from 5.12 on. It is a class of
 * its own so that an earlier JUnit can load the other one.
 */
final class TimeoutAwareExtension extends EchoExtension implements InvocationInterceptor, PreInterruptCallback {

    /** What the annotations register: it declares nothing. */
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

    /** The time that a method has is limited by one of the registered. */
    private <T> T limited(
            Invocation<T> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        Method executable = method.getExecutable();
        return leads(context, method)
                ? TimeLimit.run(invocation, executable.getName() + "()", executable, context)
                : invocation.proceed();
    }

    /** A dynamic test has no callbacks. Its failure reports what happened on its connections, as that of other tests does. */
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

    /** The time of a test or lifecycle method is up; called by a thread of JUnit's. */
    @Override
    public void beforeThreadInterrupt(PreInterruptContext hang, ExtensionContext context) {
        if (leads(context, hang)) {
            HangRescue.free(hang.getThreadToInterrupt(), context);
        }
    }
}
