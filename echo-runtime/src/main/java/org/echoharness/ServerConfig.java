package org.echoharness;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.echoharness.control.ControlServer;
import org.echoharness.proxy.HeaderVersion;
import org.echoharness.text.Escaping;
import org.echoharness.text.Quantities;
import org.echoharness.text.StartLine;
import org.echoharness.tls.TlsOptions;
import org.jspecify.annotations.Nullable;

/**
 * The options of a server, which its builder has checked. For a limit that may be absent, zero means none.
 *
 * @param bindsEvery whether the server listens on all addresses of a name; otherwise only on the first
 * @param closesIdle whether an idle connection ends with a FIN; otherwise with an RST
 * @param script null if there is none
 * @param proxyProtocol the header with which clients have to begin; null for none
 * @param tls null if clients are not served by TLS
 * @param control the HTTP interface; null if there is none
 */
record ServerConfig(
        List<ServerAddress> addresses,
        boolean bindsEvery,
        int backlog,
        int bufferSize,
        int maxConnections,
        long idleNanos,
        boolean closesIdle,
        int eventLoops,
        FaultPlan faults,
        @Nullable Script script,
        int recordedBytes,
        int recordedConnections,
        @Nullable Conversation conversation,
        Consumer<String> warnings,
        ConnectionPump.Factory pumps,
        ConnectionWire.Factory wires,
        @Nullable HeaderVersion proxyProtocol,
        @Nullable TlsOptions tls,
        @Nullable Control control) {

    /**
     * The HTTP interface of a server.
     *
     * @param address where it listens
     * @param id the name of the server in it
     * @param shared that of another server, which this one joins; null for one of its own
     */
    record Control(HostAndPort address, String id, @Nullable ControlServer shared) {

        /** The name of a server in its own interface. */
        static final String DEFAULT_ID = "default";

        Control {
            if (!id.matches("[A-Za-z0-9_~-]+")) { // it is a part of paths
                throw new IllegalArgumentException(
                        "id (" + Escaping.escape(id) + ") of control must be of letters, digits, - and _ alone");
            }
        }

        /** Reads the address of an interface of the server's own. */
        static Control parse(String address, String id) {
            HostAndPort parsed;
            try {
                parsed = HostAndPort.parse(address);
            } catch (IllegalArgumentException malformed) {
                throw Quantities.refused(
                        "control", Escaping.escape(address), "be host:port, [v6]:port or *:port, such as 127.0.0.1:0");
            }
            return new Control(parsed, id, null);
        }
    }

    /** Returns what the server does: {@code echo}, {@code script}, {@code handler} or {@code relay}. */
    String kind() {
        if (pumps.relays()) {
            return "relay";
        }
        return script != null ? "script" : pumps.echoes() ? "echo" : "handler";
    }

    /** Whether connections begin in clear text, until a script or a handler starts TLS. */
    boolean startsInClear() {
        return tls != null && tls.startsInClear();
    }

    /** Returns how the line about its start ends; empty without TLS. */
    String startLineOfTls() {
        return tls == null ? "" : StartLine.tls(tls.text(), !tls.startsInClear());
    }

    /** Returns the values with which the server was started, in the order of the pages. */
    Map<String, String> texts() {
        Map<String, String> options = new LinkedHashMap<>();
        options.put(
                "addresses",
                String.join(", ", addresses.stream().map(String::valueOf).toList()));
        options.put("backlog", "" + backlog);
        options.put("bufferSize", Quantities.text(bufferSize));
        options.put("maxConnections", orNone(maxConnections, "" + maxConnections));
        String idle = orNone(idleNanos, Quantities.text(Duration.ofNanos(idleNanos)));
        options.put("idleTimeout", closesIdle ? OptionText.NONE : idle);
        options.put("idleClose", closesIdle ? idle : OptionText.NONE);
        options.put("eventLoops", "" + eventLoops);
        options.put("faults", faults.toString());
        options.put("script", script == null ? OptionText.NONE : "" + script);
        if (pumps instanceof RelayPumps relay) {
            options.put("upstream", relay.options().upstream().toString());
            options.put("upstreamFailure", relay.options().onFailure().toString());
            options.put(
                    "upstreamTls",
                    relay.options().tls() == null
                            ? OptionText.NONE
                            : "" + relay.options().tls());
            options.put(
                    "upstreamProxyProtocol",
                    relay.options().header() == null
                            ? OptionText.NONE
                            : "" + relay.options().header());
            options.put("connectTimeout", Quantities.text(relay.options().connectTimeout()));
        } else {
            options.put("upstream", OptionText.NONE);
        }
        options.put("proxyProtocol", proxyProtocol == null ? OptionText.NONE : "" + proxyProtocol);
        options.put("tls", tls == null ? OptionText.NONE : tls.text());
        if (tls != null) {
            options.put(
                    "certificateFile", tls.certificateFile() == null ? OptionText.NONE : "" + tls.certificateFile());
        }
        options.put("recording", orNone(recordedConnections, Quantities.text(recordedBytes)));
        options.put("control", Objects.requireNonNull(control).address().toString());
        return options;
    }

    private static String orNone(long value, String text) {
        return value == 0 ? OptionText.NONE : text;
    }
}
