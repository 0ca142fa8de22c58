package org.echoharness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.ByteChannel;
import java.util.List;
import org.echoharness.dialogue.ConnectionCalls;
import org.echoharness.dialogue.Dialogue;

/** Makes the pumps of a server that does not echo on all connections. A connection without a rule has an echo. */
final class DialoguePumps implements ConnectionPump.Factory {

    /** Some connections, and what is said on them. */
    record Rule(Connections connections, Dialogue.Factory dialogues) {}

    private final List<Rule> rules;
    private final ConnectionPump.Factory echo = new EchoPump.Maker();

    DialoguePumps(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    @Override
    public ConnectionPump open(ByteChannel channel, ConnectionPump.Terms terms) {
        ConnectionPump.Owner owner = terms.owner();
        long number = owner.number();
        InetSocketAddress remote = remote(owner);
        for (Rule rule : rules) {
            if (rule.connections().include(number, remote)) {
                ConnectionCalls calls = new ConnectionCalls(number, remote, owner::goOn, terms.loop());
                return new DialoguePump(channel, channel, rule.dialogues().open(calls), calls, terms);
            }
        }
        return echo.open(channel, terms);
    }

    private static InetSocketAddress remote(ConnectionPump.Owner owner) {
        try {
            return (InetSocketAddress) owner.channel().getRemoteAddress();
        } catch (IOException closed) {
            throw new UncheckedIOException(closed);
        }
    }
}
