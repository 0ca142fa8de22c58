package org.echoharness.failing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.echoharness.EchoProcess;
import org.echoharness.EchoServer;
import org.echoharness.support.ForkedProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Lets calls fail that the runtime makes to channels and selectors: in each scenario some that are drawn, or with
 * {@code -Dfailures=every} each of them in turn. {@link Run} says what must be true after each.
 */
@Timeout(3600)
@DisabledOnOs(OS.WINDOWS)
class FailureAtEveryCallTest {

    private static final int DRAWN = 6; // of each scenario

    private static final Duration LONGEST = Duration.ofMinutes(50);

    private static final boolean IS_EVERY = "every".equals(System.getProperty("failures"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve loops half-close start faults script handler client",
                "relay relay-tls tls tls-faults client-tls",
                "controls ports unanswered limits session unix http no-reuseport linger-refused other-messages"
            })
    void losesNothingElse(String scenarios) throws Exception {
        String seed = IS_EVERY ? "0" : Integer.toString(new Random().nextInt(1_000_000));
        runs(IS_EVERY ? 0 : DRAWN, seed, scenarios);
    }

    /** Calls whose failure has left something open, or has ended more than it was for. */
    @Test
    void leavesNothingWhereItDidOnce() throws Exception {
        runs(
                0,
                "0",
                "start:OUT_OF_MEMORY:BIND" // left the socket open
                        + " unix:IO_EXCEPTION:BIND" // the same, for an error that is not of a socket
                        + " half-close:OUT_OF_MEMORY:CLOSE" // ended the server
                        + " loops:OUT_OF_MEMORY:WAKEUP" // close() failed, and left the threads
                        + " unanswered:OUT_OF_MEMORY:SELECT" // left connections open, and the port shut
                        + " ports:OUT_OF_MEMORY:SET_OPTION" // left sockets open, and then no resume found the port
                        + " relay:PENDING_THEN_OUT_OF_MEMORY" // ended the relay
                        + " client:PENDING http:PENDING"); // gave up a connect that was not finished yet
    }

    private static void runs(int drawn, String seed, String scenarios) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(Integer.toString(drawn), seed));
        arguments.addAll(List.of(scenarios.split(" ", -1)));
        List<String> options = Stream.concat(
                        Stream.of(
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Dcom.sun.net.ssl.requireCloseNotify=true"), // clients see a FIN without a
                        // close_notify
                        FailingProvider.OPTIONS.stream())
                .toList();
        List<Path> classPath = Stream.of(EchoServer.class, EchoProcess.class, Assertions.class)
                .map(ForkedProcess::home)
                .toList();
        List<String> command =
                ForkedProcess.java(options, classPath, FailureSweep.class.getName(), arguments.toArray(String[]::new));
        try (ForkedProcess sweep = new ForkedProcess(Path.of(""), Map.of(), LONGEST, command)) {
            int exit = sweep.awaitExit();
            System.out.print("Failures at calls, drawn by the seed " + seed + ":\n"
                    + sweep.lines().text());
            assertThat(exit).as(sweep.lines().text()).isZero();
        }
    }
}
