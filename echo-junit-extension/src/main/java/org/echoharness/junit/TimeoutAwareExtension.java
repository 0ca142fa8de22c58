package org.echoharness.junit;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;

/** The extension with what JUnit has from 5.12 on. Apart from the other, so that an earlier JUnit can load that. */
final class TimeoutAwareExtension extends EchoExtension implements PreInterruptCallback {

    /** What the annotations register: it declares nothing. */
    TimeoutAwareExtension() {
        this(null);
    }

    TimeoutAwareExtension(@Nullable ServerOptions declared) {
        super(declared);
    }

    /** The time of a test or lifecycle method is up; called by a thread of JUnit's. */
    @Override
    public void beforeThreadInterrupt(PreInterruptContext hang, ExtensionContext context) {
        if (leads(context, hang)) {
            HangRescue.free(hang.getThreadToInterrupt(), context);
        }
    }
}
