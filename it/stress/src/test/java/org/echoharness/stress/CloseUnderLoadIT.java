package org.echoharness.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import org.echoharness.EchoServer;
import org.echoharness.support.Background;
import org.echoharness.support.FileDescriptors;
import org.echoharness.support.PlainSockets;

/** Closes a server while many clients talk to it. */
@SuppressWarnings("try") // what close() does is what is tested
class CloseUnderLoadIT {

    @Stress(
            row = "close under load, 1,000 times, 16 connections",
            pass = "< 1 s each; no hung client; clean EOF only after a whole echo")
    void closeCutsNoEchoOfSixteenClients(Row row) throws Exception {
        closeUnderLoad(row, 16, 512 * PlainSockets.KIB);
    }

    @Stress(
            row = "close under load, 1,000 times, 1,000 connections",
            pass = "< 1 s each; no hung client; clean EOF only after a whole echo")
    void closeCutsNoEchoOfThousandClients(Row row) throws Exception {
        FileDescriptors.assumeAllowed(2_500);
        closeUnderLoad(row, 1_000, 32 * PlainSockets.KIB);
    }

    /** Each round closes the server when a random part of the echo, from nothing to all, has come back. */
    private static void closeUnderLoad(Row row, int clients, int mostEach) throws Exception {
        int rounds = row.scaled(1_000);
        long seed = row.seed();
        Random random = new Random(seed);
        Payload payload = new Payload(seed);
        Map<Crowd.End, Integer> ends = new EnumMap<>(Crowd.End.class);
        double longest = 0;
        for (int round = 0; round < rounds; round++) {
            long share = 1L + random.nextInt(mostEach);
            long moment = (long) (random.nextDouble() * clients * share);
            try (EchoServer server =
                            EchoServer.builder().eventLoops(1 + round % 2).start();
                    Crowd crowd = new Crowd(server.address(), clients, payload, share)) {
                FutureTask<Map<Crowd.End, Integer>> talk = crowd.talk();
                while (crowd.received() < moment && !talk.isDone()) {
                    LockSupport.parkNanos(20_000);
                }
                long start = System.nanoTime();
                server.close();
                longest = Math.max(longest, Background.secondsSince(start));
                Background.result(talk).forEach((end, count) -> ends.merge(end, count, Integer::sum));
            }
        }
        row.figure("%d times, longest close %.3f s", rounds, longest);
        row.figure("clients: %s", ends);
        assertThat(ends).doesNotContainKeys(Crowd.End.CUT, Crowd.End.WRONG, Crowd.End.HUNG);
        assertThat(ends).containsKeys(Crowd.End.WHOLE, Crowd.End.RESET);
        assertThat(longest).as("seconds of a close").isLessThan(1);
    }
}
