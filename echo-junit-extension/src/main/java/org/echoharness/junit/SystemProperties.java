package org.echoharness.junit;

import java.io.Closeable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.echoharness.HostAndPort;
import org.jspecify.annotations.Nullable;

/** System properties that tell where a server is reached, for as long as it lives; what they were before is put back. */
final class SystemProperties implements Closeable {

    private final Map<String, @Nullable String> before = new LinkedHashMap<>();

    /** Sets none where the prefix is empty. */
    SystemProperties(String prefix, HostAndPort address) {
        if (!prefix.isEmpty()) {
            set(prefix + ".host", address.host());
            set(prefix + ".port", Integer.toString(address.port()));
            set(prefix + ".address", address.toString());
        }
    }

    private void set(String name, String value) {
        before.put(name, System.setProperty(name, value));
    }

    @Override
    public void close() {
        before.forEach((name, value) -> {
            if (value == null) {
                System.clearProperty(name);
            } else {
                System.setProperty(name, value);
            }
        });
    }
}
