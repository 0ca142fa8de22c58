package org.echoharness.stress;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import org.echoharness.support.ForkedProcess;
import org.jspecify.annotations.Nullable;

/**
 * A balancer and machines behind it, each a network namespace of its own. The balancer has a cable to the test and one to each
 * machine; the machines reach nothing else. The addresses are those that RFC 2544 reserves for measurements.
 */
final class Machines implements AutoCloseable {

    /** The addresses of the test, each of which has enough ports for a part of the clients. */
    static final List<String> CLIENTS = List.of("198.18.0.1", "198.18.0.3", "198.18.0.4", "198.18.0.5");

    /** The address of the balancer, for clients. */
    static final String BALANCER = "198.18.0.2";

    private static final String NETWORK = "/24";

    private final String prefix = "e" + ProcessHandle.current().pid();
    private final List<String> namespaces = new ArrayList<>();

    /** @throws IOException if this user may not do that */
    Machines(int count) throws IOException {
        try {
            add(balancer());
            connect(null, prefix + "c", CLIENTS, balancer(), prefix + "b", BALANCER);
            for (int i = 1; i <= count; i++) {
                add(machine(i));
                String near = "198.18." + i + ".1";
                connect(balancer(), "to" + i, List.of(near), machine(i), "eth0", address(i));
            }
        } catch (IOException | RuntimeException | Error failed) {
            close();
            throw failed;
        }
    }

    /** The address of a machine, for the balancer. */
    static String address(int machine) {
        return "198.18." + machine + ".2";
    }

    private String balancer() {
        return prefix + "-balancer";
    }

    private String machine(int number) {
        return prefix + "-" + number;
    }

    /** Runs a command on the balancer. */
    ForkedProcess onBalancer(List<String> command) throws IOException {
        return in(balancer(), command);
    }

    /** Runs a command on a machine, from 1. */
    ForkedProcess on(int number, List<String> command) throws IOException {
        return in(machine(number), command);
    }

    private static ForkedProcess in(String namespace, List<String> command) throws IOException {
        return new ForkedProcess(ForkedProcess.by(List.of("ip", "netns", "exec", namespace), command));
    }

    private void add(String namespace) throws IOException {
        ip("netns", "add", namespace);
        namespaces.add(namespace);
        ip("-n", namespace, "link", "set", "lo", "up");
    }

    /** Connects two namespaces; null is that of the test. */
    private static void connect(
            @Nullable String of,
            String name,
            List<String> addresses,
            String other,
            String otherName,
            String otherAddress)
            throws IOException {
        List<String> link = new ArrayList<>(List.of("link", "add", name, "type", "veth", "peer", "name", otherName));
        link.addAll(List.of("netns", other));
        ipIn(of, link.toArray(String[]::new));
        for (String address : addresses) {
            ipIn(of, "addr", "add", address + NETWORK, "dev", name);
        }
        ipIn(other, "addr", "add", otherAddress + NETWORK, "dev", otherName);
        ipIn(of, "link", "set", name, "up");
        ipIn(other, "link", "set", otherName, "up");
    }

    private static void ipIn(@Nullable String namespace, String... args) throws IOException {
        ip(
                namespace == null
                        ? args
                        : ForkedProcess.by(List.of("-n", namespace), List.of(args))
                                .toArray(String[]::new));
    }

    private static void ip(String... args) throws IOException {
        try (ForkedProcess ip = new ForkedProcess(ForkedProcess.by(List.of("ip"), List.of(args)))) {
            if (ip.awaitExit() != 0) {
                throw new IOException("ip " + String.join(" ", args) + ": "
                        + ip.lines().text().strip());
            }
        } catch (InterruptedException interrupted) {
            throw new InterruptedIOException("interrupted while ip ran");
        }
    }

    /** Removes all of them. The processes in them must have ended. */
    @Override
    public void close() throws IOException {
        for (String each : namespaces) {
            ip("netns", "del", each);
        }
        namespaces.clear();
    }
}
