package org.echoharness.failing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.echoharness.EchoProcess;
import org.echoharness.EchoServer;
import org.echoharness.support.ForkedProcess;
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

    private static final boolean IS_EVERY = "every".equals(System.getProperty("failures"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve loops half-close start faults script handler client",
                "relay relay-tls tls tls-faults client-tls",
                "controls ports unanswered unix http"
            })
    void losesNothingElse(String scenarios) throws Exception {
        String seed = IS_EVERY ? "0" : Integer.toString(new Random().nextInt(1_000_000));
        List<String> arguments = new ArrayList<>(List.of(IS_EVERY ? "0" : Integer.toString(DRAWN), seed));
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
        try (ForkedProcess sweep = new ForkedProcess(ForkedProcess.java(
                options, classPath, FailureSweep.class.getName(), arguments.toArray(String[]::new)))) {
            int exit = sweep.awaitExit();
            System.out.print("Failures at calls that are drawn by the seed " + seed + ":\n"
                    + sweep.lines().text());
            assertThat(exit).as(sweep.lines().text()).isZero();
        }
    }
}
