package org.echoharness.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import org.echoharness.Effect;
import org.echoharness.Fault;
import org.echoharness.FaultPlan;
import org.echoharness.Trigger;

/** Draws a program from a seed. */
final class RandomProgram {

    private static final int MOST = 24; // bytes in faults
    private static final List<String> MESSAGES = List.of("PING", "ECHO ", "PING\r", "ECHO a b", "QUIT", "DROP", "what");

    private final Random random;
    private final List<Program.Line> lines = new ArrayList<>();
    private final List<Integer> open = new ArrayList<>(); // clients that write, as far as the program knows
    private final String kind;
    private final boolean isUnixBehind; // the server behind a relay is at a Unix socket
    private final boolean isBig; // clients write much, and no fault takes time
    private int clients;
    private boolean hasSession;

    private RandomProgram(Random random) {
        this.random = random;
        kind = List.of("echo", "echo", "relay", "script").get(random.nextInt(4));
        isUnixBehind = kind.equals("relay") && chance(30);
        isBig = isUnixBehind || chance(15);
    }

    static Program of(long seed) {
        RandomProgram drawn = new RandomProgram(new Random(seed));
        drawn.drawOptions();
        drawn.drawActions();
        return new Program(List.copyOf(drawn.lines));
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private void drawOptions() {
        option("kind", kind);
        option("eventLoops", 1 + random.nextInt(2));
        if (chance(70)) {
            option("bufferSize", isBig ? 1_000 + random.nextInt(9_000) : 32 + random.nextInt(chance(50) ? 100 : 2_000));
        }
        if (chance(75)) {
            option("recording", isBig ? "16MiB" : "1MiB");
        }
        if (chance(20)) {
            option("tls", "self-signed");
        }
        if (chance(15)) {
            option("addresses", "unix:");
        }
        if (chance(20)) {
            option("maxConnections", 1 + random.nextInt(6));
        }
        if (chance(12)) {
            option(chance(50) ? "idleTimeout" : "idleClose", 20 + random.nextInt(40) + "ms");
        }
        if (chance(60)) {
            option("faults", plan());
        }
        if (kind.equals("relay")) {
            drawServerBehind();
        }
    }

    /**
     * Draws the options of the real server. One at a Unix socket gets no faults: the model could not tell a reset from an
     * early end there.
     */
    private void drawServerBehind() {
        if (isUnixBehind) {
            option(SimulatedUpstream.OPTION + "addresses", "unix:");
        }
        boolean hasTls = chance(isUnixBehind ? 75 : 30);
        if (hasTls) {
            option(SimulatedUpstream.OPTION + "tls", "self-signed");
        }
        if (chance(30)) {
            option(SimulatedUpstream.OPTION + "bufferSize", (isBig ? 1_000 : 100) + random.nextInt(5_000));
        }
        if (!isUnixBehind && !isBig && chance(60)) {
            StringJoiner texts = new StringJoiner(", ");
            texts.setEmptyValue("none");
            ModelledFaults.ofDirection(random, MOST).stream()
                    .filter(fault -> !hasTls || !isFinAtAccept(fault)) // without a handshake, the relay cannot connect
                    .forEach(fault -> texts.add(fault.toString()));
            option(SimulatedUpstream.OPTION + "faults", texts);
        }
    }

    private static boolean isFinAtAccept(Fault fault) {
        return fault.trigger() instanceof Trigger.AtAccept
                && (fault.effect() instanceof Effect.Close || fault.effect() instanceof Effect.HalfClose);
    }

    private void drawActions() {
        int most = 3 + random.nextInt(38);
        for (int left = 20 + random.nextInt(120); left > 0; left--) {
            if (clients < most && (open.isEmpty() || chance(25))) {
                client(++clients, "connect", "");
                open.add(clients);
            } else if (chance(16) || open.isEmpty()) {
                serverActs();
            } else {
                clientActs(random.nextInt(open.size()));
            }
        }
        if (chance(80)) {
            server("settle", "");
        }
        if (chance(70)) {
            server("finish", "");
        }
    }

    private void clientActs(int index) {
        int client = open.get(index);
        int die = random.nextInt(20);
        if (die < 12) {
            writes(client);
        } else if (die < 14) {
            client(client, "pause", "");
        } else if (die < 15) {
            client(client, "read", "");
        } else if (die < 17) {
            client(client, "settle", "");
        } else {
            client(client, die == 17 ? "reset" : die == 18 && chance(50) ? "close" : "half-close", "");
            open.remove(index);
        }
    }

    private void writes(int client) {
        if (isUnixBehind && chance(25)) { // the kernel of this system takes about as much at a Unix socket
            client(client, "flood", String.valueOf(100_000 + random.nextInt(150_000)));
            return;
        }
        if (kind.equals("script")) {
            String message = MESSAGES.get(chance(90) ? random.nextInt(4) : random.nextInt(MESSAGES.size()));
            client(client, "say", message.equals("ECHO ") ? message + random.nextInt(1_000_000) : message);
            if (message.equals("QUIT") || message.equals("DROP") || message.equals("what")) {
                open.remove((Integer) client);
            }
        } else {
            int size = isBig && chance(30) ? random.nextInt(150_000) : random.nextInt(chance(50) ? 20 : 200);
            client(client, "write", String.valueOf(1 + size));
        }
    }

    private void serverActs() {
        switch (random.nextInt(16)) {
            case 0, 1 -> server("setFaults", plan());
            case 2, 3 -> {
                if (chance(60)) {
                    newClientWritesLittle(); // a fault has begun with its bytes, and is not over
                }
                server("setFaultsOfAll", plan());
            }
            case 4 -> server("freeze", chance(50) ? "settled" : "");
            case 5, 6 -> server("unfreeze", "");
            case 7 -> server("refuse", "");
            case 8 -> server("restart", 1 + random.nextInt(4) + "ms");
            case 9 -> server("resetConnections", "");
            case 10 -> server("closeConnections", "");
            case 11 -> server("resetConnection", String.valueOf(1 + random.nextInt(Math.max(1, clients))));
            case 12 -> {
                if (kind.equals("script")) {
                    server("send", String.valueOf(1 + random.nextInt(Math.max(1, clients))));
                } else {
                    server("catchUp", "");
                }
            }
            case 13 -> {
                server(hasSession ? "endSession" : "session", hasSession ? "" : plan());
                hasSession = !hasSession;
            }
            case 14 -> server(chance(4) ? "unanswered" : "resume", "");
            default -> server("settle", "");
        }
    }

    private void newClientWritesLittle() {
        if (!kind.equals("script") && chance(50)) {
            Fault duplicate = Fault.duplicate(4 + random.nextInt(20));
            boolean isToServer = kind.equals("relay") && chance(50);
            server("setFaults", (isToServer ? duplicate.toServer() : duplicate).toString());
        }
        client(++clients, "connect", "");
        open.add(clients);
        if (!kind.equals("script")) {
            client(clients, "write", String.valueOf(1 + random.nextInt(10)));
        }
    }

    /** A plan with up to three rules. Half of all plans have faults that take time only, and so may begin at any time. */
    private String plan() {
        if (chance(10)) {
            return "none";
        }
        boolean takesTimeOnly = chance(50);
        StringJoiner plan = new StringJoiner("; ");
        for (int i = 0, rules = random.nextInt(3); i < rules; i++) {
            plan.add(rule(connections(i), takesTimeOnly));
        }
        return plan.add(rule(chance(50) ? "others" : "every 2nd", takesTimeOnly))
                .toString();
    }

    /** The second rule has larger numbers than the first, which so takes none of them away. */
    private String connections(int rule) {
        int from = 1 + rule * 8 + random.nextInt(4);
        return switch (random.nextInt(rule == 0 ? 3 : 2)) {
            case 0 -> "connection " + from;
            case 1 -> "connections " + from + "-" + (from + 1 + random.nextInt(3));
            default -> "first " + (1 + random.nextInt(4));
        };
    }

    private String rule(String connections, boolean takesTimeOnly) {
        List<Fault> faults = takesTimeOnly
                ? List.of(ModelledFaults.timeOnly(random, MOST))
                : kind.equals("relay")
                        ? ModelledFaults.ofRelay(random, MOST)
                        : ModelledFaults.ofDirection(random, MOST);
        StringJoiner texts = new StringJoiner(", ");
        texts.setEmptyValue("none");
        for (Fault fault : faults) {
            boolean isLong = isBig && ModelledFaults.takesTimeOnly(fault);
            if (!isLong && (!kind.equals("script") || isForScript(fault))) {
                texts.add(fault.toString());
            }
        }
        return FaultPlan.parse(connections + ": " + texts).toString();
    }

    /**
     * The position in what a script has read is no position in what it sends, and a script that a fault stops may have gone on
     * meanwhile.
     */
    private static boolean isForScript(Fault fault) {
        return !(fault.trigger() instanceof Trigger.AfterReceived)
                && !(fault.trigger() instanceof Trigger.OnFin)
                && !(fault.effect() instanceof Effect.Stall)
                && !(fault.effect() instanceof Effect.Duplicate);
    }

    private void option(String word, Object value) {
        lines.add(new Program.Line(Program.OPTION, 0, word, value.toString()));
    }

    private void server(String verb, String value) {
        lines.add(new Program.Line(Program.SERVER, 0, verb, value));
    }

    private void client(int client, String verb, String value) {
        lines.add(new Program.Line(Program.CLIENT, client, verb, value));
    }
}
