package org.echoharness.junit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;

/** The part of JUnit's stores that belongs to the extension. All of its state is there. By any thread. */
final class ExtensionStore {

    static final Namespace NAMESPACE = Namespace.create(ExtensionStore.class);

    private ExtensionStore() {}

    /** The store of this context. It is closed with the context, and a lookup goes on to the contexts around it. */
    static Store of(ExtensionContext context) {
        return context.getStore(NAMESPACE);
    }

    /** The store of the outermost context, for what is known once in a run. */
    static Store ofRoot(ExtensionContext context) {
        return of(context.getRoot());
    }
}
