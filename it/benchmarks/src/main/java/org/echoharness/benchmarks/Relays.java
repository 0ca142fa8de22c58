package org.echoharness.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The relays that are compared, all before one echo server: programs of this machine, each with its usual settings and one
 * thread, and those of {@link JavaRelays}. What is not installed is left out.
 */
final class Relays implements AutoCloseable {

    /** What ours is compared with. */
    static final List<String> PEERS =
            List.of("haproxy", "nginx", "socat", JavaRelays.NETTY_NIO, JavaRelays.NETTY_EPOLL);

    private static final long LONGEST_START = TimeUnit.SECONDS.toNanos(20);
    private static final Pattern NGINX_MODULES = Pattern.compile("--modules-path=(\\S+)");

    private final Path folder;
    private final List<Path> files = new ArrayList<>();
    private final MeasuredProcess echo;

    /** Starts the echo server on these processors. */
    Relays(String cpus) throws IOException {
        folder = Files.createTempDirectory("relays");
        echo = Contest.fastestEcho(cpus);
    }

    /** The relays that run on this machine, the yardstick first. */
    List<String> present() throws IOException {
        List<String> present = new ArrayList<>();
        for (String name : PEERS) {
            if (runs(name)) {
                present.add(name);
            } else {
                System.out.println("Left out: there is no " + name + " here");
            }
        }
        present.add(JavaRelays.OURS);
        return present;
    }

    MeasuredProcess start(String name, String cpus) throws IOException {
        String upstream = echo.port();
        return switch (name) {
            case "haproxy" -> {
                int port = freePort();
                yield listening(name, cpus, port, "haproxy", "-db", "-f", haproxy(port, upstream));
            }
            case "nginx" -> {
                int port = freePort();
                yield listening(name, cpus, port, "nginx", "-p", folder.toString(), "-c", nginx(port, upstream));
            }
            case "socat" -> {
                int port = freePort();
                yield listening(
                        name,
                        cpus,
                        port,
                        "socat",
                        "-lf",
                        file("socat.log", ""),
                        "TCP-LISTEN:" + port + ",bind=127.0.0.1,reuseaddr,backlog=1024,fork",
                        "TCP:127.0.0.1:" + upstream);
            }
            default -> MeasuredProcess.server(cpus, MeasuredProcess.java("Servers", name, upstream));
        };
    }

    private String haproxy(int port, String upstream) throws IOException {
        return file("haproxy.cfg", """
                global
                    nbthread 1
                    maxconn 4000
                defaults
                    mode tcp
                    timeout connect 5s
                    timeout client 60s
                    timeout server 60s
                listen relay
                    bind 127.0.0.1:%d
                    server echo 127.0.0.1:%s
                """.formatted(port, upstream));
    }

    private String nginx(int port, String upstream) throws IOException {
        return file("nginx.conf", """
                %s
                daemon off;
                master_process off;
                pid nginx.pid;
                error_log stderr crit;
                events {
                    worker_connections 4000;
                }
                stream {
                    server {
                        listen 127.0.0.1:%d backlog=1024;
                        proxy_pass 127.0.0.1:%s;
                    }
                }
                """.formatted(loadNginxModule(), port, upstream));
    }

    private static boolean runs(String name) throws IOException {
        return switch (name) {
            case "haproxy" -> MeasuredProcess.works(name, "-v");
            case "nginx" ->
                MeasuredProcess.works(name, "-v")
                        && (nginxSettings().contains("--with-stream ") || Files.exists(nginxModule()));
            case "socat" -> MeasuredProcess.works(name, "-V");
            default -> true;
        };
    }

    /** Loads nginx's stream module, unless it is a part of the program. */
    private static String loadNginxModule() throws IOException {
        Path module = nginxModule();
        return Files.exists(module) ? "load_module " + module + ";" : "";
    }

    private static Path nginxModule() throws IOException {
        Matcher folder = NGINX_MODULES.matcher(nginxSettings());
        return Path.of(folder.find() ? folder.group(1) : "", "ngx_stream_module.so");
    }

    private static String nginxSettings() throws IOException {
        Process process =
                new ProcessBuilder("nginx", "-V").redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private String file(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        files.add(file);
        files.add(folder.resolve(name.replace(".conf", ".pid")));
        return Files.writeString(file, text).toString();
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    private static MeasuredProcess listening(String name, String cpus, int port, String... command) throws IOException {
        MeasuredProcess relay = MeasuredProcess.server(cpus, List.of(command), port);
        long start = System.nanoTime();
        while (true) {
            try (Socket probe = new Socket()) {
                probe.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return relay;
            } catch (IOException notYet) {
                if (!relay.isAlive() || System.nanoTime() - start > LONGEST_START) {
                    relay.close();
                    throw new IOException(name + " does not listen on port " + port, notYet);
                }
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public void close() throws IOException {
        echo.close();
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(folder);
    }
}
