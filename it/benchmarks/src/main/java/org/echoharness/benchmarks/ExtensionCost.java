package org.echoharness.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.echoharness.EchoClient;
import org.echoharness.EchoServer;
import org.echoharness.junit.EchoTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/**
 * What a test with a server and a client costs by the extension, divided by what it costs by hand: two test classes
 * that do the same, which JUnit's launcher runs alternately. Argument: the number of pairs, 30 unless given.
 */
final class ExtensionCost {

    private static final int TESTS = 200;
    private static final byte[] MESSAGE = new byte[42];

    private ExtensionCost() {}

    public static void main(String[] args) {
        Locale.setDefault(Locale.ROOT);
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 30;
        List<Double> ratios = new ArrayList<>();
        List<Double> unchecked = new ArrayList<>();
        List<Double> byHand = new ArrayList<>();
        for (int i = -rounds / 3; i < rounds; i++) { // the first third warms up
            double hand = micros(ByHand.class);
            double extension = micros(ByExtension.class);
            double bare = micros(Unchecked.class);
            if (i >= 0) {
                byHand.add(hand);
                ratios.add(extension / hand);
                unchecked.add(bare / hand);
            }
        }
        System.out.printf(
                "a test with server and client, by hand: %.0f us; by the extension / by hand: %.2f (to reach: <= 1.5);"
                        + " without recording: %.2f; medians of %d pairs%n",
                Contest.median(byHand), Contest.median(ratios), Contest.median(unchecked), rounds);
    }

    private static double micros(Class<?> tests) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(tests))
                .build();
        Launcher launcher = LauncherFactory.create();
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        long start = System.nanoTime();
        launcher.execute(request, summary);
        double micros = (System.nanoTime() - start) / 1e3 / TESTS;
        if (summary.getSummary().getTestsSucceededCount() != TESTS) {
            throw new AssertionError("not all tests of " + tests + " passed");
        }
        return micros;
    }

    static class ByHand {
        private EchoServer server;
        private EchoClient client;

        @BeforeEach
        void open() throws IOException {
            server = EchoServer.builder().start();
            client = EchoClient.connect(server.address());
        }

        @AfterEach
        void close() throws IOException {
            client.close();
            server.close();
        }

        @RepeatedTest(TESTS)
        void test() throws IOException {
            client.expectEcho(MESSAGE);
        }
    }

    @EchoTest
    static class ByExtension {
        @RepeatedTest(TESTS)
        void test(EchoServer server, EchoClient client) throws IOException {
            client.expectEcho(MESSAGE);
        }
    }

    @EchoTest(recording = "none")
    static class Unchecked {
        @RepeatedTest(TESTS)
        void test(EchoServer server, EchoClient client) throws IOException {
            client.expectEcho(MESSAGE);
        }
    }
}
