package org.echoharness.junit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;

/** The part of JUnit's stores that belongs to the extension. All of its state is there. Any thread may use it. */
final class ExtensionStore {

    static final Namespace NAMESPACE = Namespace.create(ExtensionStore.class);

    private ExtensionStore() {}

    /**
     * Returns the store of this context. JUnit closes it with the context. A lookup continues in the contexts around
     * it.
     */
    static Store of(ExtensionContext context) {
        return context.getStore(NAMESPACE);
    }

    /** Returns the store of the outermost context, for what is computed once in a run. */
    static Store ofRoot(ExtensionContext context) {
        return of(context.getRoot());
    }
}
