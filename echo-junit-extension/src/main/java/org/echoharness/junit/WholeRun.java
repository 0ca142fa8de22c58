package org.echoharness.junit;

import java.io.IOException;
import java.lang.reflect.Method;
import java.util.Arrays;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;

/**
 * The servers that live until the end of the run. No test can fail then, so this class prints failures instead of
 * throwing them.
 */
record WholeRun(OpenedServers all) implements CloseableResource, AutoCloseable {

    static OpenedServers scope(ExtensionContext context) {
        return store(context)
                .getOrComputeIfAbsent(
                        WholeRun.class, unused -> new WholeRun(new OpenedServers(ScopePath.WHOLE_RUN)), WholeRun.class)
                .all();
    }

    @Override
    public void close() {
        for (TargetServer target : all.targets()) {
            Throwable why = target.failure();
            if (why != null && !target.failureReported().get()) {
                System.err.println(target.failureText(why));
            }
        }
        try {
            all.close();
        } catch (IOException | RuntimeException e) {
            System.err.println("echo servers of the run: " + e + " " + Arrays.toString(e.getSuppressed()));
        }
        for (TargetServer target : all.targets()) {
            target.scriptLines(target.scriptProblems(0)).forEach(System.err::println);
        }
    }

    /** Returns the store of the launcher session, which JUnit has from 5.13 on, or else that of this execution. */
    private static Store store(ExtensionContext context) {
        try {
            Class<?> scopes = Class.forName(ExtensionContext.class.getName() + "$StoreScope");
            Method getStore = ExtensionContext.class.getMethod("getStore", scopes, Namespace.class);
            for (Object scope : scopes.getEnumConstants()) {
                if (scope.toString().equals("LAUNCHER_SESSION")) {
                    return (Store) getStore.invoke(context, scope, ExtensionStore.NAMESPACE);
                }
            }
        } catch (ReflectiveOperationException before513) {
            // JUnit before 5.13 has only the store of this execution
        }
        return ExtensionStore.ofRoot(context);
    }
}
