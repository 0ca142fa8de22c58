package org.echoharness.benchmarks;

import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.ImmediateExecutor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.echoharness.EchoServer;

/** Echo servers with TLS by the JDK's engine, all with the same kind of key and the same protocols. */
final class TlsServers {

    static final String OURS = "tls-echo";

    /** This server with the context of a user, whose code may block, so that it never runs on the event loop. */
    static final String OURS_CONTEXT = "tls-echo-context";

    static final String NETTY = "tls-netty-nio";

    /** Runs the slow steps of handshakes on threads of their own, as this server does. */
    static final String NETTY_TASKS = "tls-netty-nio-tasks";

    static final List<String> PEERS = List.of(NETTY, NETTY_TASKS, OURS_CONTEXT);
    static final List<String> ALL = List.of(NETTY, NETTY_TASKS, OURS, OURS_CONTEXT);

    private static final char[] PASSWORD = "benchmark".toCharArray();

    private TlsServers() {}

    /** Starts a server of this kind, and returns its port. */
    static int start(String kind) throws Exception {
        if (kind.equals(OURS)) {
            return EchoServer.builder().tls("self-signed").start().port();
        }
        SSLContext context = context();
        if (kind.equals(OURS_CONTEXT)) {
            return EchoServer.builder().tls(context).start().port();
        }
        Executor tasks = kind.equals(NETTY) ? ImmediateExecutor.INSTANCE : Executors.newFixedThreadPool(2);
        return NettyServer.start(NioIoHandler.newFactory(), NioServerSocketChannel.class, pipeline -> {
                    SSLEngine engine = context.createSSLEngine();
                    engine.setUseClientMode(false);
                    pipeline.addLast(new SslHandler(engine, tasks)).addLast(NettyServer.echo());
                })
                .address()
                .getPort();
    }

    private static SSLContext context() throws IOException, GeneralSecurityException, InterruptedException {
        Path folder = Files.createTempDirectory("echo-benchmark");
        Path file = folder.resolve("key.p12");
        try {
            Process keytool = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-keyalg",
                            "EC",
                            "-groupname",
                            "secp256r1",
                            "-dname",
                            "CN=localhost",
                            "-keystore",
                            file.toString(),
                            "-storetype",
                            "PKCS12",
                            "-storepass",
                            new String(PASSWORD))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (keytool.waitFor() != 0) {
                throw new IOException("keytool made no key: exit " + keytool.exitValue());
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, PASSWORD);
            }
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return context;
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(folder);
        }
    }
}
