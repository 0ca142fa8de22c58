package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import org.echoharness.loop.EventLoopCalls;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an idle connection keeps in memory. */
@Timeout(30)
class IdleConnectionTest {

    private static final byte[] MESSAGE = {1, 2, 3};

    /** What is reported of a connection. */
    private enum Reports {
        NOTHING(builder -> builder),
        RECORDING(EchoServer.Builder::recording),
        CONVERSATION(builder -> builder.conversation(line -> {}));

        @SuppressWarnings("ImmutableEnumChecker") // the lambdas have no state
        private final UnaryOperator<EchoServer.Builder> options;

        Reports(UnaryOperator<EchoServer.Builder> options) {
            this.options = options;
        }
    }

    @ParameterizedTest
    @EnumSource
    void keepsNoPump(Reports reports) throws IOException {
        try (EchoServer server = reports.options.apply(EchoServer.builder()).start();
                EchoClient first = EchoClient.connect(server.address());
                EchoClient second = EchoClient.connect(server.address())) {
            first.expectEcho(MESSAGE);
            second.expectEcho(MESSAGE);
            first.expectEcho(MESSAGE);

            assertThat(pumps(server)).isEmpty();
        }
    }

    private static List<ConnectionPump> pumps(EchoServer server) throws IOException {
        var loop = server.core().loops().get(0).loop();
        return EventLoopCalls.call(
                loop,
                () -> loop.handlers().stream()
                        .filter(ServerConnection.class::isInstance)
                        .map(connection -> ((ServerConnection) connection).pumpInUse())
                        .filter(pump -> pump != null)
                        .toList());
    }
}
