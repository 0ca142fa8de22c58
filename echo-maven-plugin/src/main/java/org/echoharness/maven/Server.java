package org.echoharness.maven;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One server of {@code servers}, as the POM describes it; public because Maven makes it. A server without an option of its
 * own uses the goal's.
 *
 * @since 0.1.0
 */
public final class Server {

    @Nullable
    String id;

    @Nullable
    List<String> addresses;

    @Nullable
    String backlog;

    @Nullable
    String bufferSize;

    @Nullable
    String maxConnections;

    @Nullable
    String idleTimeout;

    @Nullable
    String idleClose;

    @Nullable
    String eventLoops;

    @Nullable
    String faults;

    @Nullable
    String script;

    @Nullable
    String scriptFile;

    @Nullable
    String upstream;

    @Nullable
    String upstreamFailure;

    @Nullable
    String upstreamTls;

    @Nullable
    String upstreamProxyProtocol;

    @Nullable
    String connectTimeout;

    @Nullable
    String proxyProtocol;

    @Nullable
    String tls;

    @Nullable
    String certificateFile;

    @Nullable
    String recording;

    @Nullable
    String record;

    @Nullable
    String control;

    /** Called by Maven. */
    public Server() {}

    /** Returns the options by the runtime's words: the values of this server, and the others for the rest. */
    Map<String, String> options(Map<String, String> others) {
        Map<String, String> options = new TreeMap<>(others);
        if (addresses != null && !addresses.isEmpty()) {
            EchoMojo.refuseEmpty("addresses", addresses);
            options.put("addresses", String.join(",", addresses));
        }
        put(options, "backlog", backlog);
        put(options, "bufferSize", bufferSize);
        put(options, "maxConnections", maxConnections);
        put(options, "idleTimeout", idleTimeout);
        put(options, "idleClose", idleClose);
        put(options, "eventLoops", eventLoops);
        put(options, "faults", faults);
        if (script != null || scriptFile != null || upstream != null) { // one of them replaces the goal's other ones
            options.keySet().removeAll(List.of("script", "scriptFile", "upstream"));
        }
        put(options, "script", script);
        put(options, "scriptFile", scriptFile == null ? null : scriptFile.strip());
        put(options, "upstream", upstream);
        put(options, "upstreamFailure", upstreamFailure);
        put(options, "upstreamTls", upstreamTls);
        put(options, "upstreamProxyProtocol", upstreamProxyProtocol);
        put(options, "connectTimeout", connectTimeout);
        put(options, "proxyProtocol", proxyProtocol);
        put(options, "tls", tls);
        put(options, "certificateFile", certificateFile);
        if (isNone(options, "upstream")) { // the goal's are for the servers that relay
            leaveOut(options, "upstreamFailure", upstreamFailure);
            leaveOut(options, "upstreamTls", upstreamTls);
            leaveOut(options, "upstreamProxyProtocol", upstreamProxyProtocol);
        }
        if (isNone(options, "tls")) { // the goal's is for the servers that speak TLS
            leaveOut(options, "certificateFile", certificateFile);
        }
        put(options, "recording", recording);
        if (record != null) {
            String size = options.getOrDefault("recording", EchoMojo.NONE);
            boolean on = EchoMojo.isOn("record", record);
            options.put("recording", !on ? EchoMojo.NONE : size.equals(EchoMojo.NONE) ? "on" : size);
        }
        put(options, "control", control);
        return options;
    }

    static boolean isNone(Map<String, String> options, String word) {
        return options.getOrDefault(word, EchoMojo.NONE).strip().equals(EchoMojo.NONE);
    }

    /** Removes an option of the goal, unless this server has that option too. */
    private static void leaveOut(Map<String, String> options, String word, @Nullable String own) {
        if (own == null) {
            options.remove(word);
        }
    }

    private static void put(Map<String, String> options, String word, @Nullable String text) {
        if (text != null) {
            options.put(word, text);
        }
    }
}
