package org.echoharness.junit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Finds the server of a declaration, or opens it in the scope that the declaration asks for. Any thread may use it. */
final class ServerLookup {

    private ServerLookup() {}

    /**
     * Returns the server that was opened for this context or for one around it. If there is none, opens one in its
     * scope.
     */
    static TargetServer findOrOpen(Declaration declaration, ExtensionContext context) throws IOException {
        TargetServer open = find(declaration, context);
        if (open == null) {
            open = due(declaration, context).open(declaration, context);
            if (context.getTestMethod().isPresent()) {
                OpenedServers.of(context).mark(open, 0); // connections made before the test begins belong to the test
            }
        }
        return open;
    }

    /** Opens the servers that code can reach without injection, if their scope includes this context. */
    static void openThoseThatStart(ExtensionContext context) {
        for (Declaration declaration : Declarations.visibleFrom(context).all()) {
            boolean isDue = context.getTestMethod().isPresent() || declaration.scope() != EchoScope.METHOD;
            try {
                if (declaration.startsByItself() && isDue) {
                    findOrOpen(declaration, context);
                }
            } catch (IOException | IllegalArgumentException | IllegalStateException e) {
                throw declaration.refused(e.getMessage(), e);
            }
        }
    }

    private static @Nullable TargetServer find(Declaration declaration, ExtensionContext context) {
        return declaration.scope() == EchoScope.RUN
                ? WholeRun.scope(context).get(declaration)
                : OpenedServers.find(context, declaration);
    }

    /**
     * Marks the connections that the servers have accepted so far: they do not belong to the test. The first of several
     * calls counts.
     */
    static void markBefore(ExtensionContext test) {
        OpenedServers own = OpenedServers.of(test);
        for (TargetServer target : visible(test)) {
            if (!own.hasMarked(target)) {
                own.mark(target, target.records() ? target.accepted() : 0);
            }
        }
    }

    /** Returns the servers that a test could reach, and how many connections each had when the test began. */
    static Map<TargetServer, Long> seenBefore(ExtensionContext test) {
        OpenedServers own = OpenedServers.of(test);
        for (TargetServer target : visible(test)) {
            own.mark(target, 0);
        }
        return own.marks();
    }

    private static List<TargetServer> visible(ExtensionContext context) {
        List<TargetServer> visible = new ArrayList<>();
        OpenedServers.around(context).forEach(scope -> visible.addAll(scope.targets()));
        for (Declaration declaration : Declarations.visibleFrom(context).all()) {
            if (declaration.scope() == EchoScope.RUN) {
                WholeRun.scope(context).targets().stream()
                        .filter(target -> target.declaration().options().equals(declaration.options()))
                        .forEach(visible::add);
            }
        }
        return visible;
    }

    private static OpenedServers due(Declaration declaration, ExtensionContext context) {
        return switch (declaration.scope()) {
            case METHOD -> OpenedServers.of(testOf(context));
            case CLASS -> OpenedServers.of(Declarations.classOf(declaration, context));
            case RUN -> WholeRun.scope(context);
            case INFERRED -> OpenedServers.of(inferred(context));
        };
    }

    private static ExtensionContext testOf(ExtensionContext context) {
        if (context.getTestMethod().isEmpty()) {
            throw new IllegalArgumentException("its scope is METHOD, and this place lasts for the class; inject it into"
                    + " parameters of test, @BeforeEach and @AfterEach methods, or set scope to CLASS");
        }
        return context;
    }

    /** With PER_CLASS, a server lives as long as the instance. */
    private static ExtensionContext inferred(ExtensionContext context) {
        ExtensionContext due = context;
        if (context.getTestInstanceLifecycle().orElse(null) == Lifecycle.PER_CLASS) {
            while (due.getTestMethod().isPresent()) {
                due = due.getParent().orElseThrow();
            }
        }
        return due;
    }
}
