package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.maven.model.PluginExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What POM and command line say, where Maven hands the goal something else. */
class GoalConfigurationTest {

    @TempDir
    private Path directory;

    static List<String> parametersOfAllGoals() throws Exception {
        List<String> all = new ArrayList<>();
        for (Descriptor.Goal goal : Descriptor.goals()) {
            goal.parameters().stream()
                    .filter(parameter -> !goal.name().equals("help"))
                    .forEach(parameter -> all.add(goal.name() + " " + parameter.name()));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("parametersOfAllGoals")
    void refusesAnUnsetPropertyOfEachParameter(String goalAndParameter) {
        String goal = goalAndParameter.split(" ", -1)[0];
        String parameter = goalAndParameter.split(" ", -1)[1];
        Build build = new Build(directory);
        GoalConfiguration configuration = configuration(build, goal, parameter, "${my.own}");
        assertThatThrownBy(configuration::refuseUnsetProperties)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(parameter + " (${my.own}) names a property that is not set; set my.own, or ");

        build.project.getProperties().setProperty("my.own", "set");
        assertThatCode(configuration::refuseUnsetProperties).doesNotThrowAnyException();
    }

    @Test
    void theGoalRefusesIt() {
        Build build = new Build(directory);
        StartMojo start = build.start();
        Build.configure(start.execution, "faults", "${my.faults}");
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("no server started (execution start-it): faults (${my.faults}) names a property that is not"
                        + " set; set my.faults, or leave faults out");
        assertThat(build.log.seen()).isEmpty();
    }

    @Test
    void namesTheWordWithinAServer() {
        Build build = new Build(directory);
        GoalConfiguration configuration = configuration(build, "start", "servers", null);
        Xpp3Dom server = new Xpp3Dom("server");
        server.addChild(Build.element("idleTimeout", "${my.time}"));
        configuration.execution().getConfiguration().getChild("servers").addChild(server);
        assertThatThrownBy(configuration::refuseUnsetProperties)
                .hasMessage("idleTimeout (${my.time}) names a property that is not set; set my.time, or leave"
                        + " idleTimeout out");
    }

    @ParameterizedTest
    @CsvSource({
        "delay ${my.time}, delay ${my.time}, my.time",
        "${my.faults}, ${my.faults}, my.time",
        "${echo.faults}, delay ${my.time}, my.time"
    })
    void findsItWithinTextAndOtherProperties(String given, String told, String name) {
        Build build = new Build(directory);
        if (!given.contains("my.time")) {
            build.project.getProperties().setProperty(given.replaceAll("[${}]", ""), "delay ${my.time}");
        }
        assertThatThrownBy(configuration(build, "start", "faults", given)::refuseUnsetProperties)
                .hasMessage("faults (" + told + ") names a property that is not set; set " + name
                        + ", or leave faults out");
    }

    @ParameterizedTest
    @ValueSource(strings = {"${echo.client.message}", "a $${name} of its own", "${project.artifactId}", "$ {no} ${"})
    void leavesOtherTextsAlone(String given) {
        GoalConfiguration configuration = configuration(new Build(directory), "client", "message", given);
        assertThatCode(configuration::refuseUnsetProperties).doesNotThrowAnyException();
    }

    @Test
    void propertiesInACircleEnd() {
        Build build = new Build(directory);
        build.project.getProperties().setProperty("one", "a ${two}");
        build.project.getProperties().setProperty("two", "b ${one}");
        assertThatCode(configuration(build, "client", "message", "${one}")::refuseUnsetProperties)
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "on", "TRUE", "1", ""})
    void aSwitchIsTrueOrFalse(String text) {
        StartMojo start = new Build(directory).start();
        start.record = text;
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution start-it): record (" + text
                        + ") must be true or false");

        StopMojo stop = new Build(directory).stop();
        stop.skip = text;
        assertThatThrownBy(stop::execute)
                .hasMessage("no server stopped (execution stop-it): skip (" + text + ") must be true or false");
    }

    @ParameterizedTest
    @CsvSource({
        "start, adresses, addresses",
        "start, adress, addresses",
        "start, port, addresses",
        "start, fault, faults",
        "start, Records, record",
        "start, server, servers",
        "await, repeat, ''",
        "await, time, timeout",
        "client, port, address",
        "client, addresses, address",
        "client, mesage, message",
        "client, name, ''",
        "stop, id, ids",
        "run, timeouts, timeout"
    })
    void anUnknownElementDrawsAWarning(String goal, String given, String meant) throws Exception {
        List<String> warnings = warnings(goal, new Build(directory), given, false);
        assertThat(warnings).hasSize(1).first().asString().startsWith("<" + given + "> is no parameter of " + goal);
        assertThat(warnings.get(0))
                .contains(
                        meant.isEmpty()
                                ? " and has no effect; it"
                                : " and has no effect; did you mean <" + meant + ">?");
    }

    @Test
    void anElementOfAnotherGoalDrawsNoneWhereItIsForAll() {
        assertThat(warnings("stop", new Build(directory), "faults", true)).isEmpty();
        assertThat(warnings("stop", new Build(directory), "faults", false))
                .containsExactly("<faults> is no parameter of stop and has no effect; it is one of run, start");
        assertThat(warnings("start", new Build(directory), "faults", false)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "client, echo.client.adress, echo.client.address",
        "client, echo.clinet.address, echo.client.address",
        "client, echo.message, echo.client.message",
        "client, echo.client.port, echo.client.address",
        "start, echo.port, echo.addresses",
        "start, echo.fault, echo.faults",
        "start, echo.skpi, echo.skip",
        "await, echo.timeout, echo.await.timeout"
    })
    void aPropertyCloseToARightOneDrawsAWarning(String goal, String given, String meant) {
        Build build = new Build(directory);
        build.request.getUserProperties().setProperty(given, "x");
        assertThat(warnings(goal, build, null, false))
                .containsExactly("the property -D" + given + " is none of " + goal
                        + " and has no effect; did you mean -D" + meant + "?");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"echo.server.default.address", "echo.version", "echo.client.address", "my.echo.fault", "echo"})
    void otherPropertiesDrawNone(String given) {
        Build build = new Build(directory);
        build.request.getUserProperties().setProperty(given, "x");
        assertThat(warnings("start", build, null, false)).isEmpty();
    }

    /** Of a goal whose execution, or whose plugin, has an element of this name. */
    private static List<String> warnings(String goal, Build build, String element, boolean forAll) {
        List<String> warnings = new ArrayList<>();
        EchoMojo mojo = build.prepared(new StopMojo(), goal);
        Xpp3Dom configuration = new Xpp3Dom("configuration");
        if (element != null) {
            configuration.addChild(Build.element(element, "x"));
        }
        PluginExecution execution = new PluginExecution();
        execution.setId(mojo.execution.getExecutionId());
        execution.addGoal(goal);
        execution.setConfiguration(configuration);
        mojo.execution.getPlugin().addExecution(execution);
        if (forAll) {
            mojo.execution.getPlugin().setConfiguration(configuration);
        }
        new ParameterNames(mojo.execution, mojo.session, mojo.project, warnings::add).check();
        return warnings;
    }

    private static GoalConfiguration configuration(Build build, String goal, String parameter, String value) {
        EchoMojo mojo = build.prepared(new StopMojo(), goal);
        Build.configure(mojo.execution, parameter, value);
        return mojo.configuration();
    }
}
