package org.echoharness.junit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;

/**
 * Checks what a test, or the tests of a class, did with the servers. JUnit's store closes this object after every
 * callback and before the {@link OpenedServers}, which were put there earlier. A test that failed is not checked.
 */
final class EndOfScope implements CloseableResource, AutoCloseable {

    private final ExtensionContext context;
    private final OpenedServers own;
    private final List<EndOfScope> around = new ArrayList<>();
    private final Set<EndOfScope> inside = ConcurrentHashMap.newKeySet(); // the tests that run now
    private final Set<EndOfScope> crowded = ConcurrentHashMap.newKeySet(); // enclosing scopes in which others ran too
    private volatile boolean failed;

    private EndOfScope(ExtensionContext context) {
        this.context = context;
        own = OpenedServers.of(context);
    }

    /** Also refuses a wrong configuration. */
    static EndOfScope of(ExtensionContext context) {
        Checks.configured(context);
        OpenedServers.of(context);
        return ExtensionStore.of(context)
                .getOrComputeIfAbsent(
                        "end of " + context.getUniqueId(), unused -> new EndOfScope(context), EndOfScope.class);
    }

    /** Begins a test. Connections that the servers have accepted so far do not belong to it. */
    static void begin(ExtensionContext test) {
        EndOfScope end = of(test);
        for (ExtensionContext at = test.getParent().orElse(null);
                at != null;
                at = at.getParent().orElse(null)) {
            EndOfScope each = of(at);
            end.around.add(each);
            each.enter(end);
        }
    }

    /** Records that a dynamic test failed. Nothing around it is checked then, as for any test that fails. */
    static void failInside(ExtensionContext dynamic) {
        for (ExtensionContext at = dynamic; at != null; at = at.getParent().orElse(null)) {
            if (at.getElement().isPresent()) {
                of(at).failed = true;
            }
        }
    }

    private synchronized void enter(EndOfScope test) {
        inside.add(test);
        if (inside.size() > 1) {
            inside.forEach(each -> each.crowded.add(this));
        }
    }

    @Override
    public void close() throws IOException {
        boolean wasInterrupted = Thread.interrupted(); // by the test; the checks wait nevertheless
        try {
            if (context.getExecutionException().isPresent()) {
                around.forEach(each -> each.failed = true);
            } else if (context.getTestClass().isPresent()) {
                checkFailures();
                if (!failed) {
                    check();
                }
            }
        } catch (InterruptedException interrupted) {
            wasInterrupted = true;
            around.forEach(each -> each.failed = true);
            throw new AssertionError(
                    "the checks could not be judged: their thread was interrupted while they waited for the server",
                    interrupted);
        } catch (AssertionError complaint) {
            around.forEach(each -> each.failed = true);
            throw complaint;
        } finally {
            around.forEach(each -> each.inside.remove(this));
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Fails the test during which a server closed by itself, whatever the checks are. */
    private void checkFailures() {
        Set<TargetServer> targets = new LinkedHashSet<>(own.targets());
        if (!around.isEmpty()) {
            own.marks().keySet().stream().filter(target -> !isCrowded(target)).forEach(targets::add);
        }
        for (TargetServer target : targets) {
            Throwable why = target.failure();
            if (why != null && target.failureReported().compareAndSet(false, true)) {
                AssertionError failure = new AssertionError(target.failureText(why), why);
                if (target.records()) {
                    FailureReport.explain(failure, context, target, own.marks().getOrDefault(target, 0L));
                }
                throw failure;
            }
        }
    }

    private void check() throws InterruptedException, IOException {
        List<ConnectionChecks> all = connectionChecks();
        List<String> complaints = new ArrayList<>();
        List<ConnectionChecks> guilty = new ArrayList<>();
        for (ConnectionChecks each : all) {
            add(each.endings(), each, complaints, guilty);
        }
        own.closeClients();
        for (ConnectionChecks each : all) {
            add(each.leaks(), each, complaints, guilty);
        }
        if (!complaints.isEmpty()) {
            AssertionError failure = new AssertionError(String.join("\n", complaints));
            guilty.stream()
                    .distinct()
                    .forEach(each -> FailureReport.explain(failure, context, each.target(), each.before()));
            throw failure;
        }
    }

    private static void add(
            List<String> found, ConnectionChecks check, List<String> complaints, List<ConnectionChecks> guilty) {
        for (String each : found) {
            complaints.add(check.target().declaration().text() + ": " + each);
            guilty.add(check);
        }
    }

    /**
     * By default, the script of a server is judged when the server ends, and leaks only on servers that live for one
     * test. A connection to another server may be meant to outlive the test.
     */
    private List<ConnectionChecks> connectionChecks() {
        List<ConnectionChecks> all = new ArrayList<>();
        boolean isTest = !around.isEmpty();
        for (TargetServer target : own.targets()) {
            add(target, 0, true, isTest, all);
        }
        own.marks().forEach((target, before) -> {
            if (isTest
                    && !own.targets().contains(target)
                    && !isCrowded(target)) { // a template's source may be injected too
                add(target, before, false, true, all);
            }
        });
        // what a relay holds up is open at the server behind it too
        all.sort(Comparator.comparing(check -> !check.target().server().relays()));
        return all;
    }

    /**
     * Returns whether other tests ran at the same time in the scope of the server. A server of the whole run counts in
     * the outermost scope.
     */
    private boolean isCrowded(TargetServer target) {
        EndOfScope home = around.get(around.size() - 1);
        for (EndOfScope each : around) {
            if (each.own.targets().contains(target)) {
                home = each;
            }
        }
        return crowded.contains(home);
    }

    private void add(TargetServer target, long before, boolean last, boolean isTest, List<ConnectionChecks> all) {
        Checks checks = Checks.of(target.declaration().options().checks(), context);
        Set<Check> applied = EnumSet.noneOf(Check.class);
        if (checks.asked() || last) {
            applied.addAll(checks.all());
            applied.retainAll(target.judged());
        }
        if (!checks.asked() && !isTest) {
            applied.remove(Check.LEAKS);
        }
        if (!applied.isEmpty()) {
            all.add(new ConnectionChecks(target, before, last, applied));
        }
    }
}
