package org.echoharness.junit;

import java.io.Closeable;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.echoharness.HostAndPort;
import org.echoharness.ServerAddress;
import org.jspecify.annotations.Nullable;

/**
 * System properties with the address of a server, for as long as it lives. Afterwards, this class restores their
 * earlier values. The properties belong to the whole JVM, so that one server at a time holds a prefix: if the scopes of
 * several enclose one another, the innermost.
 */
final class SystemProperties implements Closeable {

    private static final Map<String, SystemProperties> HELD = new HashMap<>();

    private final String prefix;
    private final Declaration declaration;
    private final ScopePath scope;
    private final @Nullable SystemProperties outer;
    private final Map<String, @Nullable String> before = new LinkedHashMap<>();

    private SystemProperties(Declaration declaration, ScopePath scope, @Nullable SystemProperties outer) {
        prefix = declaration.options().systemProperty();
        this.declaration = declaration;
        this.scope = scope;
        this.outer = outer;
    }

    /**
     * Takes the prefix before the server starts. If the prefix is empty, takes nothing.
     *
     * @throws IllegalStateException if another server that may run at the same time has the prefix
     */
    static SystemProperties reserve(Declaration declaration, ScopePath scope) {
        String prefix = declaration.options().systemProperty();
        synchronized (HELD) {
            SystemProperties holder = HELD.get(prefix);
            if (holder != null && (scope.concurrent() || !scope.isInside(holder.scope))) {
                throw new IllegalStateException("systemProperty (" + prefix + ") is in use by "
                        + holder.declaration.text()
                        + ", which may run at the same time; give each a prefix of its own, or"
                        + " put @ResourceLock(\"" + prefix + "\") on both classes");
            }
            SystemProperties reserved = new SystemProperties(declaration, scope, holder);
            if (!prefix.isEmpty()) {
                HELD.put(prefix, reserved);
            }
            return reserved;
        }
    }

    /** Sets the properties, unless the prefix is empty. */
    void set(ServerAddress address) {
        if (prefix.isEmpty()) {
            return;
        }
        if (address instanceof HostAndPort tcp) {
            set(prefix + ".host", tcp.host());
            set(prefix + ".port", Integer.toString(tcp.port()));
        } else {
            set(prefix + ".path", ((ServerAddress.Unix) address).path().toString());
        }
        set(prefix + ".address", address.toString());
    }

    private void set(String name, String value) {
        before.put(name, System.setProperty(name, value));
    }

    @Override
    public void close() {
        synchronized (HELD) {
            before.forEach((name, value) -> {
                if (value == null) {
                    System.clearProperty(name);
                } else {
                    System.setProperty(name, value);
                }
            });
            if (outer == null) {
                HELD.remove(prefix, this);
            } else {
                HELD.replace(prefix, this, outer);
            }
        }
    }
}
