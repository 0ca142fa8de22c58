package org.echoharness.sockets;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.echoharness.text.Escaping;

/** Resolves names within a deadline. The system's resolver has none, so the thread that calls it may outlive the wait. */
public final class NameResolver {

    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final String IPV4 = OCTET + "(\\." + OCTET + "){3}";

    /** The cure for {@link #lacksInterface}. */
    public static final String NAME_THE_INTERFACE =
            "name the network interface of a link-local address, as in [fe80::1%eth0]";

    private static final int MOST_INTERFACES = 10; // that an error names

    private NameResolver() {}

    /**
     * Returns the addresses of a name, in the system's order.
     *
     * @param what what needs the addresses; each error begins with it
     * @throws UnknownHostException if the name has no address
     * @throws SocketTimeoutException if the system has not answered by the deadline
     * @throws InterruptedIOException if the thread is interrupted; its interrupt status stays set
     */
    public static InetAddress[] resolve(String host, long deadlineNanos, String what) throws IOException {
        if (isNumeric(host)) {
            return lookUp(host, what);
        }
        FutureTask<InetAddress[]> lookup = new FutureTask<>(() -> lookUp(host, what));
        Thread thread = new Thread(lookup, "echo resolving " + host);
        thread.setDaemon(true);
        thread.start();
        try {
            return lookup.get(Math.max(1, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            throw new SocketTimeoutException(
                    what + ": the name is not resolved yet; check the resolver, or write an address");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(what + ": interrupted while the name was resolved");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException unknown) {
                throw unknown;
            }
            throw new IOException(e.getCause());
        }
    }

    /**
     * Returns whether the host is an address, which is not looked up. Compares with the default first: the first regular
     * expression of a JVM takes a few milliseconds.
     */
    public static boolean isNumeric(String host) {
        return host.equals("127.0.0.1") || host.indexOf(':') >= 0 || host.matches(IPV4);
    }

    private static InetAddress[] lookUp(String host, String what) throws IOException {
        try {
            InetAddress[] addresses = InetAddress.getAllByName(host);
            for (InetAddress address : addresses) {
                if (address instanceof Inet6Address v6 && !isUsable(v6)) {
                    throw new UnknownHostException(host);
                }
            }
            return addresses;
        } catch (UnknownHostException unknown) {
            UnknownHostException explained = new UnknownHostException(what + ": " + why(host));
            explained.initCause(unknown);
            throw explained;
        }
    }

    private static boolean isUsable(Inet6Address address) throws SocketException {
        return !hasIpv4Alone()
                && (address.getScopeId() == 0 || NetworkInterface.getByIndex(address.getScopeId()) != null);
    }

    private static boolean hasIpv4Alone() {
        return Boolean.getBoolean("java.net.preferIPv4Stack");
    }

    private static String why(String host) throws SocketException {
        if (host.indexOf(':') < 0) {
            return "the name does not resolve; check its spelling, or write an address";
        }
        if (hasIpv4Alone()) {
            return "this JVM has no IPv6, because its property java.net.preferIPv4Stack is true; leave that property out,"
                    + " or take an IPv4 address";
        }
        int scope = host.indexOf('%');
        if (scope < 0) {
            return "this is no IPv6 address; check its spelling";
        }
        String name = host.substring(scope + 1);
        if (NetworkInterface.getByName(name) != null) { // the JDK looks for an address of the same kind there
            return "the network interface " + name + " has no IPv6 address of this kind; name one that has ("
                    + names(NetworkInterface.networkInterfaces().filter(NameResolver::hasLinkLocal))
                    + "), or take another address";
        }
        return "this machine has no network interface " + Escaping.quote(name) + "; name one that it has ("
                + names(NetworkInterface.networkInterfaces()) + ")";
    }

    private static String names(Stream<NetworkInterface> interfaces) {
        String names =
                interfaces.limit(MOST_INTERFACES).map(NetworkInterface::getName).collect(Collectors.joining(", "));
        return names.isEmpty() ? "there is none" : names;
    }

    private static boolean hasLinkLocal(NetworkInterface each) {
        return each.inetAddresses()
                .anyMatch(address -> address instanceof Inet6Address && address.isLinkLocalAddress());
    }

    /** Returns whether the address needs the name of a network interface and has none. */
    public static boolean lacksInterface(InetAddress address) {
        return address instanceof Inet6Address v6 && v6.isLinkLocalAddress() && v6.getScopeId() == 0;
    }
}
