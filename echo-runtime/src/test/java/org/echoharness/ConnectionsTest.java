package org.echoharness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which connections a rule is for, and what a server must have for a plan. */
class ConnectionsTest {

    private static final SocketAddress CLIENT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7);
    private static final SocketAddress UNIX = UnixDomainSocketAddress.of("");

    private static List<Long> included(Connections connections) {
        return LongStream.rangeClosed(1, 7)
                .filter(number -> connections.include(number, CLIENT))
                .boxed()
                .toList();
    }

    @Test
    void numbersDecide() {
        assertThat(included(Connections.others())).hasSize(7);
        assertThat(included(Connections.number(3))).containsExactly(3L);
        assertThat(included(Connections.range(2, 4))).containsExactly(2L, 3L, 4L);
        assertThat(included(Connections.range(6, Long.MAX_VALUE))).containsExactly(6L, 7L);
        assertThat(included(Connections.first(2))).containsExactly(1L, 2L);
        assertThat(included(Connections.every(3))).containsExactly(3L, 6L);
        assertThat(included(Connections.every(1))).hasSize(7);
    }

    @Test
    void seedDecides() {
        assertThat(included(Connections.random(100, 5))).hasSize(7);
        long most = LongStream.rangeClosed(1, 1_000)
                .filter(number -> Connections.random(90, 5).include(number, CLIENT))
                .count();
        assertThat(most).isBetween(850L, 950L);
        assertThat(included(Connections.random(50, 5))).isEqualTo(included(Connections.random(50, 5)));
    }

    @Test
    void addressDecides() {
        Connections seventh = Connections.from(remote -> remote.getPort() == 7);
        assertThat(seventh.include(1, CLIENT)).isTrue();
        assertThat(seventh.include(1, new InetSocketAddress(8))).isFalse();
        assertThat(seventh.include(1, UNIX)).isFalse();
        assertThat(Connections.others().include(1, UNIX)).isTrue();
        assertThat(seventh).asString().startsWith("from ");
    }

    @Test
    void numbersBeginAtOne() {
        assertThatIllegalArgumentException().isThrownBy(() -> Connections.number(0));
        assertThatIllegalArgumentException().isThrownBy(() -> Connections.range(3, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> Connections.first(0));
        assertThatIllegalArgumentException().isThrownBy(() -> Connections.every(0));
        assertThatIllegalArgumentException().isThrownBy(() -> Connections.random(0, 5));
        assertThatIllegalArgumentException().isThrownBy(() -> new Effect.Throttle(0));
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.fragment(0));
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.corrupt(0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Effect.Duplicate(0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Effect.Truncate(0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "corrupt 50% seed 7",
                "delay 5ms jitter 1ms seed 7",
                "random 50% seed 7: reset; others: stall",
                "reset, corrupt 50% seed 7",
                "corrupt 50% seed 7, reset",
                "first 1: reset; others: corrupt 50% seed 7"
            })
    void randomPlans(String plan) {
        assertThat(FaultPlan.parse(plan).isRandom()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "corrupt byte 1", "delay 5ms", "first 2: reset; others: delay 5ms, close after 7"})
    void otherPlans(String plan) {
        assertThat(FaultPlan.parse(plan).isRandom()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"duplicate 17, 16", "duplicate 2, 1"})
    void somePlansNeedBuffer(String plan, int tooSmall) {
        FaultPlan faults = FaultPlan.parse(plan);
        assertThat(faults.checked(tooSmall + 1, false, false, false)).isSameAs(faults);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> faults.checked(tooSmall, false, false, false))
                .withMessage("faults (" + plan + ") must fit into bufferSize (" + tooSmall + "); raise bufferSize");
    }

    @Test
    void rulesForHostsNeedHosts() {
        FaultPlan plan =
                new FaultPlan(List.of(new FaultPlan.Rule(Connections.from(remote -> true), List.of(Fault.reset()))));
        List<ServerAddress> unix = List.of(ServerAddress.parse("unix:/tmp/s"));
        List<ServerAddress> both = List.of(unix.get(0), ServerAddress.parse("localhost:1"));
        assertThat(plan.checked(both, false)).isSameAs(plan);
        assertThat(plan.checked(unix, true)).isSameAs(plan);
        assertThat(FaultPlan.parse("reset").checked(unix, false)).isEqualTo(FaultPlan.parse("reset"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plan.checked(unix, false))
                .withMessageContaining("would never apply");
    }
}
