package org.echoharness;

/** Lets servers close by themselves. It is in this package because users cannot break one. */
public final class BrokenServers {

    private BrokenServers() {}

    /** Does what the server does when an error has left its event loop. */
    public static void fail(EchoServer server, Error error) {
        server.core().failing(error);
        server.core().reportFailure(error);
        server.close();
    }
}
