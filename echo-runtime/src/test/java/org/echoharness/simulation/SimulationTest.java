package org.echoharness.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.echoharness.memory.HeldMemory;
import org.echoharness.support.FileDescriptors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs programs of many clients, faults and controls, which are drawn from seeds, against a server and a model of it. Each run
 * draws seeds of its own. To run one of them again: {@code -Dsimulation.seed=7 -Dsimulation.seeds=1}. What the threads of the
 * server do meanwhile is not drawn, so a seed may have to run several times. A failure prints the program, and a shorter one
 * that fails too; {@code -Dsimulation.program=FILE} runs a program from a file.
 */
@DisabledOnOs(OS.WINDOWS)
@Timeout(3600)
class SimulationTest {

    private static final long FIRST = Long.getLong("simulation.seed", System.nanoTime() & 0xFFFF_FFFFL);
    private static final int COUNT = Integer.getInteger("simulation.seeds", 10);

    private static boolean hasFailed; // only the first program that fails is made shorter, since that takes time

    /** The first use of TLS opens files that stay open. */
    @BeforeAll
    static void usesTls() throws Exception {
        System.out.println("SimulationTest: -Dsimulation.seed=" + FIRST + " -Dsimulation.seeds=" + COUNT);
        try (Simulation simulation = new Simulation(Program.parse("""
                option kind echo
                option tls self-signed
                client 1 connect
                client 1 write 1
                client 1 settle
                """))) {
            simulation.run();
        }
    }

    static LongStream drawn() {
        return LongStream.range(FIRST, FIRST + COUNT);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("drawn")
    void drawnProgramsDoWhatModelSays(long seed) {
        assertModelHolds("seed " + seed, RandomProgram.of(seed), 1);
    }

    /** Each of these programs, which once were drawn, has found a fault that was put into the server on purpose. */
    @ParameterizedTest
    @ValueSource(strings = {"seed-500", "seed-501", "seed-511", "seed-515", "seed-611"})
    void knownProgramsDoWhatModelSays(String name) throws Exception {
        try (InputStream text = Objects.requireNonNull(SimulationTest.class.getResourceAsStream(name + ".txt"))) {
            assertModelHolds(name, Program.parse(new String(text.readAllBytes(), StandardCharsets.UTF_8)), 1);
        }
    }

    /** With TLS, a read into a full buffer was taken for the end while text waited behind it. */
    @Test
    void changeOfFaultsIsNoEndOfText() {
        Program program = Program.parse("""
                option kind echo
                option bufferSize 86
                option tls self-signed
                client 1 connect
                client 1 write 172
                client 1 write 13
                client 1 half-close
                server setFaultsOfAll delay 1ms
                server settle
                """);
        assertModelHolds("the program", program, 5);
    }

    @Test
    @EnabledIfSystemProperty(named = "simulation.program", matches = ".+")
    void programOfFileDoesWhatModelSays() throws Exception {
        Path file = Path.of(System.getProperty("simulation.program"));
        assertModelHolds(file.toString(), Program.parse(Files.readString(file)), COUNT);
    }

    private static void assertModelHolds(String what, Program program, int times) {
        for (int i = 0; i < times; i++) {
            Throwable failed = failure(program);
            if (failed != null) {
                Program shorter = hasFailed ? program : ShorterProgram.of(program, each -> failure(each) != null);
                hasFailed = true;
                throw new AssertionError(
                        what + " fails: " + failed.getMessage() + "\nThe program:\n" + program + "\nA shorter one:\n"
                                + shorter,
                        failed);
            }
        }
    }

    private static @Nullable Throwable failure(Program program) {
        FileDescriptors.Snapshot files = FileDescriptors.snapshot();
        long held = HeldMemory.used();
        try (Simulation simulation = new Simulation(program)) {
            simulation.run();
        } catch (Throwable failed) {
            return failed;
        }
        try {
            files.await();
            assertThat(HeldMemory.used()).as("bytes held").isEqualTo(held);
            assertThat(threads()).as("threads").isEmpty();
        } catch (AssertionError left) {
            return left;
        }
        return null;
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("echo-server"))
                .toList();
    }
}
