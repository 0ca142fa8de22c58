package org.echoharness.sockets;

/**
 * Loads classes at the start of a server, before a connection needs them: a class is read from a file, and later the process
 * may have no file descriptor left. Any thread may call it.
 */
public final class StartupClasses {

    private StartupClasses() {}

    /** Loads and initializes these classes. They may be of any package, and private. */
    public static void load(Class<?>... classes) {
        for (Class<?> each : classes) {
            try {
                Class.forName(each.getName(), true, each.getClassLoader());
            } catch (ClassNotFoundException impossible) {
                throw new AssertionError(impossible); // it was found by the caller
            }
        }
    }
}
