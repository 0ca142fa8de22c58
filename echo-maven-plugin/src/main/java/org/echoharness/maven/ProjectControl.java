package org.echoharness.maven;

import java.util.Map;
import java.util.Optional;
import org.echoharness.EchoServer;
import org.echoharness.HostAndPort;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP interface that the servers of one project share. The first server that has it opens it, at the address that its
 * goal configures; others join. It ends when the last of them is stopped. The caller guards it.
 */
final class ProjectControl {

    private String address = "";
    private String opener = "";

    /**
     * What an execution says about it.
     *
     * @param address where it is to listen
     * @param isGiven whether the POM or the command line says so; otherwise it is the default
     */
    record Choice(String address, boolean isGiven) {

        HostAndPort parsed() {
            return HostAndPort.parse(address);
        }

        /** Returns whether the interface that runs is not the one that is asked for. */
        boolean isOther(String running) {
            return isGiven && !address.strip().equals(running.strip());
        }
    }

    /** Returns one of these servers that is in the interface; empty if there is no interface. */
    static Optional<EchoServer> member(Map<String, EchoServer> running) {
        return running.values().stream()
                .filter(server -> server.controlUri().isPresent())
                .findFirst();
    }

    /**
     * Adds the interface to the options of a server.
     *
     * @param choice null if the server is not in it
     * @throws IllegalStateException if it runs at another address than the one that is asked for
     */
    void addTo(
            EchoServer.Builder server,
            String id,
            @Nullable Choice choice,
            String execution,
            Map<String, EchoServer> running) {
        if (choice == null) {
            return;
        }
        EchoServer member = member(running).orElse(null);
        if (member == null) {
            server.control(choice.address(), id);
            address = choice.address();
            opener = execution;
            return;
        }
        if (choice.isOther(address)) {
            throw new IllegalStateException("control (" + choice.address()
                    + ") differs from that of the execution " + opener + " (" + address
                    + "), but the servers of a project share one HTTP interface; set control for all executions, or none"
                    + " for this one");
        }
        server.control(member, id);
    }
}
