package org.echoharness.tls;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.security.AlgorithmConstraints;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.echoharness.sockets.NameResolver;
import org.jspecify.annotations.Nullable;

/** What a server with TLS needs: its key and certificate, and what clients trust. Immutable; any thread may use it. */
public final class ServerTls {

    private static final String LOCALHOST = "localhost";
    private static final List<InetAddress> LOOPBACK = List.of(
            loopback(new byte[] {127, 0, 0, 1}), loopback(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
    private static final int MOST_ADDRESSES = 100; // a client refuses a message of more than 32 KiB

    private final @Nullable ServerKey key; // null with a context of the user's
    private final @Nullable SSLParameters parameters; // never changed
    private final boolean runsUsersCode;
    private volatile @Nullable SSLContext context;
    private volatile @Nullable SSLContext clients;

    private ServerTls(
            @Nullable SSLContext users,
            @Nullable ServerKey key,
            @Nullable SSLParameters checked,
            boolean runsUsersCode) {
        this.context = users;
        this.key = key;
        this.runsUsersCode = runsUsersCode;
        this.parameters = checked;
    }

    /** Checks parameters of a user on a handshake thread, since the first engine of a JVM takes long. */
    private record Check(SSLParameters parameters) implements Callable<SSLParameters> {
        @Override
        public SSLParameters call() {
            return checked(TlsContexts.withoutKey().createSSLEngine(), parameters);
        }

        static @Nullable FutureTask<SSLParameters> begin(@Nullable SSLParameters parameters) {
            if (parameters == null) {
                return null;
            }
            FutureTask<SSLParameters> check = new FutureTask<>(new Check(parameters));
            HandshakeThreads.executor(false).execute(check);
            return check;
        }

        static @Nullable SSLParameters result(@Nullable FutureTask<SSLParameters> check) {
            if (check == null) {
                return null;
            }
            check.run(); // unless it has begun
            boolean isInterrupted = false;
            try {
                while (true) {
                    try {
                        return check.get();
                    } catch (InterruptedException later) {
                        isInterrupted = true;
                    }
                }
            } catch (ExecutionException failed) {
                Throwable why = failed.getCause();
                throw why instanceof IllegalArgumentException
                        ? new IllegalArgumentException(why.getMessage(), why)
                        : new IllegalStateException("tls: this JVM cannot use TLS: " + why, why);
            } finally {
                if (isInterrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /** Makes the first engine of a server, which loads some 250 classes. A class, since a lambda would load many more. */
    private record FirstEngine(ServerTls server) implements Runnable {
        @Override
        public void run() {
            try {
                server.engine();
            } catch (IllegalStateException failed) {
                return; // so does the engine of the first connection, which reports it
            }
        }
    }

    /**
     * Makes a certificate, signed by the authority of this run. A handshake thread checks the parameters meanwhile, and then
     * makes what the first connection needs, since the JDK takes long for the first one of a JVM. If the parameters ask a
     * client for a certificate, the server accepts any.
     *
     * @param hostNames the names, and {@code addresses} the addresses, that it is for besides localhost and loopback; a
     *     wildcard address is for those of all network interfaces; {@code for NAME} uses none of them
     * @param parameters protocols, ciphers, ALPN, client authentication; null for the defaults
     * @throws IllegalArgumentException if the JVM cannot use the parameters
     */
    public static ServerTls issued(
            CertificateKind kind,
            Collection<String> hostNames,
            Collection<InetAddress> addresses,
            @Nullable SSLParameters parameters) {
        FutureTask<SSLParameters> check = Check.begin(parameters);
        Set<String> names = new LinkedHashSet<>();
        Set<InetAddress> numbers = new LinkedHashSet<>();
        names.add(LOCALHOST);
        numbers.addAll(LOOPBACK);
        for (String host : hostNames) {
            add(host, names, numbers);
        }
        for (InetAddress address : addresses) {
            if (address.isAnyLocalAddress()) {
                numbers.addAll(ofThisMachine());
            } else {
                numbers.add(address);
            }
        }
        ServerKey key = CertificateAuthority.ofThisRun().issue(kind, names, numbers);
        ServerTls made = new ServerTls(null, key, Check.result(check), runUsersCode(parameters));
        HandshakeThreads.executor(false).execute(new FirstEngine(made));
        return made;
    }

    /** Returns the context. The first engine makes it, so that the start of a server does not wait for it. */
    private SSLContext context() {
        SSLContext made = context;
        if (made == null) {
            synchronized (this) {
                made = context;
                if (made == null) {
                    made = TlsContexts.server(Objects.requireNonNull(key));
                    context = made;
                }
            }
        }
        return made;
    }

    /** Adds a host, in one of its forms, unless a certificate cannot be for it: then binding fails too, and says why. */
    private static void add(String host, Set<String> names, Set<InetAddress> numbers) {
        if (NameResolver.isNumeric(host)) {
            try {
                numbers.add(InetAddress.getByName(host));
            } catch (UnknownHostException notOne) {
                return;
            }
        } else if (CertificateKind.isHostName(host)) {
            names.add(host);
        } else if (!CertificateKind.asciiForm(host).isEmpty()) {
            names.add(CertificateKind.asciiForm(host));
        }
    }

    private static List<InetAddress> ofThisMachine() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .limit(MOST_ADDRESSES)
                    .toList();
        } catch (SocketException failed) {
            throw new IllegalStateException(
                    "tls: the addresses of this machine are not known: " + failed.getMessage(), failed);
        }
    }

    private static InetAddress loopback(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible); // it has 4 or 16 bytes
        }
    }

    /**
     * Uses a context of the user's.
     *
     * @throws IllegalArgumentException if the context makes no engine, or cannot use the parameters
     */
    public static ServerTls of(SSLContext context, @Nullable SSLParameters parameters) {
        SSLEngine first = TlsContexts.engine("tls", context);
        return new ServerTls(context, null, parameters == null ? null : checked(first, parameters), true);
    }

    /** Returns a copy of the parameters, complete and accepted by an engine, since users may change theirs later. */
    private static SSLParameters checked(SSLEngine engine, SSLParameters parameters) {
        engine.setUseClientMode(false);
        TlsContexts.check(engine, parameters);
        return engine.getSSLParameters();
    }

    /** Returns whether a handshake runs code of the user's, which may block, such as a key manager or an SNI matcher. */
    public boolean runsUsersCode() {
        return runsUsersCode;
    }

    private static boolean runUsersCode(@Nullable SSLParameters parameters) {
        if (parameters == null) {
            return false;
        }
        AlgorithmConstraints constraints = parameters.getAlgorithmConstraints();
        boolean isOfTheJdk = constraints == null || constraints.getClass().getClassLoader() == null;
        return !isOfTheJdk || parameters.getSNIMatchers() != null;
    }

    /** Returns what runs the slow steps of handshakes. */
    public Executor tasks() {
        return HandshakeThreads.executor(runsUsersCode);
    }

    /** Returns a new engine in server mode. */
    public SSLEngine engine() {
        SSLEngine engine = context().createSSLEngine();
        engine.setUseClientMode(false);
        if (parameters != null) {
            engine.setSSLParameters(parameters);
        }
        return engine;
    }

    /** Returns the root that a client has to trust; null with a context of the user's. */
    public @Nullable X509Certificate certificate() {
        return key == null ? null : key.chain()[key.chain().length - 1];
    }

    /** Returns the certificate that the server shows; null with a context of the user's. */
    @Nullable
    X509Certificate leaf() {
        return key == null ? null : key.chain()[0];
    }

    /**
     * Returns the root as PEM (RFC 7468).
     *
     * @throws IllegalStateException with a context of the user's
     */
    public String pem() {
        X509Certificate root = certificate();
        if (root == null) {
            throw new IllegalStateException(
                    "tls is an SSLContext, whose root is not known here; write the PEM file of your root yourself");
        }
        return PemFile.text(root);
    }

    /**
     * Returns a context for clients that trusts the root alone. It checks no host name; an engine does if its endpoint
     * identification is {@code HTTPS}. If the server asks for a certificate, a client with this context shows one. If the
     * server has a context of the user's, returns that one.
     */
    public SSLContext clientContext() {
        X509Certificate root = certificate();
        if (root == null) {
            return context();
        }
        SSLContext made = clients;
        if (made == null) {
            synchronized (this) {
                made = clients;
                if (made == null) {
                    made = TlsContexts.client(Set.of(root), clientKey());
                    clients = made;
                }
            }
        }
        return made;
    }

    /** Returns a context for clients of a server in another process, which trusts its root alone and shows no certificate. */
    public static SSLContext clientContext(X509Certificate root) {
        return TlsContexts.client(Set.of(root), null);
    }

    private @Nullable ServerKey clientKey() {
        boolean isAsked = parameters != null && (parameters.getNeedClientAuth() || parameters.getWantClientAuth());
        return isAsked ? CertificateAuthority.ofThisRun().issueForClient() : null;
    }
}
