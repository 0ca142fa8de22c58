package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.maven.model.Plugin;
import org.apache.maven.model.PluginExecution;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Configuration of the POM and the command line that Maven passes to the goal in another form. */
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
    void refusesUnsetPropertyOfEachParameter(String goalAndParameter) {
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
    void goalRefusesUnsetProperty() {
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
    void namesElementWithinServer() {
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
    void findsUnsetPropertyWithinText(String given, String shown, String name) {
        Build build = new Build(directory);
        if (!given.contains("my.time")) {
            build.project.getProperties().setProperty(given.replaceAll("[${}]", ""), "delay ${my.time}");
        }
        assertThatThrownBy(configuration(build, "start", "faults", given)::refuseUnsetProperties)
                .hasMessage("faults (" + shown + ") names a property that is not set; set " + name
                        + ", or leave faults out");
    }

    @ParameterizedTest
    @ValueSource(strings = {"${echo.client.message}", "a $${name} of its own", "${project.artifactId}", "$ {no} ${"})
    void acceptsTextWithoutUnsetProperty(String given) {
        GoalConfiguration configuration = configuration(new Build(directory), "client", "message", given);
        assertThatCode(configuration::refuseUnsetProperties).doesNotThrowAnyException();
    }

    @Test
    void saysWhichPropertiesAServerHas() {
        Build build = new Build(directory);
        build.project.getProperties().setProperty("echo.server.unix.path", "/tmp/s");
        build.project.getProperties().setProperty("echo.server.tcp.port", "4711");
        assertUnset(
                build,
                "echo.server.unix.port",
                "that server is at a Unix socket; use echo.server.unix.address or echo.server.unix.path");
        assertUnset(
                build,
                "echo.server.unix.host",
                "that server is at a Unix socket; use echo.server.unix.address or echo.server.unix.path");
        assertUnset(
                build,
                "echo.server.tcp.path",
                "that server has no Unix socket; use echo.server.tcp.address, echo.server.tcp.host or"
                        + " echo.server.tcp.port");
        build.project.getProperties().setProperty("echo.server.tcp.address", "127.0.0.1:4711");
        assertUnset(
                build,
                "echo.server.tcp.certificate",
                "that server has no certificate; set its tls, such as self-signed, and no certificateFile of none");
        assertUnset(build, "echo.server.other.port", "if it is that of a server, put its start before this execution");
        assertUnset(build, "echo.control.url", "put the start of a server with control before this execution");
    }

    private static void assertUnset(Build build, String property, String cure) {
        String value = "127.0.0.1:${" + property + "}";
        assertThatThrownBy(configuration(build, "client", "address", value)::refuseUnsetProperties)
                .hasMessage("address (" + value + ") names a property that is not set; " + cure);
    }

    @Test
    void acceptsCircularProperties() {
        Build build = new Build(directory);
        build.project.getProperties().setProperty("one", "a ${two}");
        build.project.getProperties().setProperty("two", "b ${one}");
        assertThatCode(configuration(build, "client", "message", "${one}")::refuseUnsetProperties)
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "on", "TRUE", "1", ""})
    void refusesWrongValueOfSwitch(String text) {
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
        "client, hots, address",
        "client, addresses, address",
        "client, mesage, message",
        "client, name, ''",
        "stop, id, ids",
        "run, timeouts, timeout"
    })
    void warnsOfUnknownElement(String goal, String given, String meant) throws Exception {
        List<String> warnings = warnings(goal, new Build(directory), given, false);
        assertThat(warnings).hasSize(1).first().asString().startsWith("<" + given + "> is no parameter of " + goal);
        assertThat(warnings.get(0))
                .contains(
                        meant.isEmpty()
                                ? " and has no effect; it"
                                : " and has no effect; did you mean <" + meant + ">?");
    }

    @Test
    void goalsOfOneExecutionGiveOneWarning() {
        Build build = new Build(directory);
        EchoMojo start = build.prepared(new StopMojo(), "start");
        EchoMojo stop = build.prepared(new StopMojo(), "stop");
        stop.execution = new MojoExecution(Descriptor.mojo("stop"), "start-it", MojoExecution.Source.LIFECYCLE);
        write(build, start, false, Build.element("upstraem", "x"), Build.element("message", "x"));
        build.project.getBuild().getPlugins().get(0).getExecutions().get(0).addGoal("stop");
        for (EchoMojo goal : List.of(start, stop)) {
            assertThat(warnings(goal))
                    .containsExactly(
                            "<upstraem> is no parameter of start or stop and has no effect; did you mean <upstream>?",
                            "<message> is no parameter of start or stop and has no effect; it is one of client");
        }
    }

    @Test
    void acceptsSharedElementOfOtherGoal() {
        assertThat(warnings("stop", new Build(directory), "faults", true)).isEmpty();
        assertThat(warnings("stop", new Build(directory), "faults", false))
                .containsExactly("<faults> is no parameter of stop and has no effect; it is one of run, start");
        assertThat(warnings("start", new Build(directory), "faults", false)).isEmpty();
    }

    @Test
    void comparesUnknownElementWithAllGoals() {
        for (String goal : List.of("start", "stop", "client")) {
            assertThat(warnings(goal, new Build(directory), "adresses", true))
                    .containsExactly(
                            "<adresses> is no parameter of any goal and has no effect; did you mean <addresses>?");
        }
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
        "await, echo.timeouts, echo.await.timeout",
        "start, echo.Faults, echo.faults",
        "start, ECHO.FAULTS, echo.faults",
        "client, ECHO.CLIENT.ADRESS, echo.client.address",
        "start, echo.start.faults, echo.faults",
        "start, echo.server.port, echo.addresses",
        "stop, echo.stop.id, echo.ids",
        "start, echo.portt, echo.addresses"
    })
    void warnsOfMisspelledProperty(String goal, String given, String meant) {
        Build build = new Build(directory);
        build.request.getUserProperties().setProperty(given, "x");
        assertThat(warnings(goal, build, null, false))
                .containsExactly("the property -D" + given + " is none of " + goal
                        + " and has no effect; did you mean -D" + meant + "?");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "echo.server.default.address",
                "echo.version",
                "echo.client.address",
                "my.echo.fault",
                "echo",
                "echo.timeout"
            })
    void ignoresOtherProperties(String given) {
        for (String goal : List.of("start", "await")) {
            Build build = new Build(directory);
            build.request.getUserProperties().setProperty(given, "x");
            assertThat(warnings(goal, build, null, false)).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "echo:client                         | echo.tls             | did you mean -Decho.client.tls?",
                "org.echoharness:plugin:0.1.0:client | echo.tls             | did you mean -Decho.client.tls?",
                "echo:client                         | echo.addresses       | did you mean -Decho.client.address?",
                "echo:client@it                      | echo.bufferSize      | did you mean -Decho.client.bufferSize?",
                "echo:client                         | echo.certificateFile | it is one of run, start",
                "echo:client,echo:stop               | echo.upstreamTls     | it is one of run, start",
                "echo:run                            | echo.client.tls      | did you mean -Decho.tls?",
                "echo:await                          | echo.tls             | it is one of run, start"
            })
    void warnsOfPropertyOfGoalThatDoesNotRun(String called, String given, String cure) {
        Build build = new Build(directory);
        String goal = called.replaceAll(",.*|@.*", "").replaceAll(".*:", "");
        build.request.setGoals(List.of(called.split(",", -1)));
        build.request.getUserProperties().setProperty(given, "x");
        assertThat(warnings(goal, build, null, false))
                .containsExactly("the property -D" + given + " is none of " + goal + " and has no effect; " + cure);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "verify                 | echo.tls",
                "echo:start,echo:client | echo.tls",
                "echo:client            | echo.client.tls",
                "echo:client            | echo.timeout"
            })
    void acceptsPropertyOfGoalThatMayRun(String called, String given) {
        Build build = new Build(directory);
        build.request.setGoals(List.of(called.split(",", -1)));
        build.request.getUserProperties().setProperty(given, "x");
        assertThat(warnings("client", build, null, false)).isEmpty();
    }

    @Test
    void acceptsPropertyOfOtherGoalInPom() {
        Build build = new Build(directory);
        build.request.setGoals(List.of("echo:client"));
        build.project.getProperties().setProperty("echo.tls", "self-signed");
        assertThat(warnings("client", build, null, false)).isEmpty();
    }

    @Test
    void warnsOfMisspelledSystemProperty() {
        Build build = new Build(directory);
        build.request.getSystemProperties().setProperty("echo.fault", "reset");
        assertThat(warnings("start", build, null, false))
                .hasSize(1)
                .first()
                .asString()
                .contains("-Decho.faults?");
    }

    @ParameterizedTest
    @MethodSource("parametersOfAllGoals")
    void warnsOfEmptyElementOfEachParameter(String goalAndParameter) {
        String goal = goalAndParameter.split(" ", -1)[0];
        String parameter = goalAndParameter.split(" ", -1)[1];
        for (String text : new String[] {null, "", " "}) {
            Build build = new Build(directory);
            EchoMojo mojo = build.prepared(new StopMojo(), goal);
            Xpp3Dom element = Build.element(parameter, text);
            write(build, mojo, false, element);
            assertThat(warnings(mojo))
                    .containsExactly(
                            "<" + parameter + "> is empty, so that its property or its default is used; give it"
                                    + " a value, or leave it out");

            element.setAttribute("combine.self", "override");
            assertThat(warnings(mojo))
                    .as("elements of a parent POM are left out")
                    .isEmpty();
        }
    }

    @Test
    void warnsOfEmptyElementWithinServer() {
        Build build = new Build(directory);
        EchoMojo mojo = build.prepared(new StopMojo(), "start");
        Xpp3Dom servers = new Xpp3Dom("servers");
        servers.addChild(new Xpp3Dom("server"));
        servers.getChild(0).addChild(Build.element("id", "up"));
        servers.getChild(0).addChild(Build.element("faults", null));
        write(build, mojo, false, servers);
        assertThat(warnings(mojo))
                .containsExactly(
                        "<faults> in <server> is empty, so that the goal's is used; give it a value, or leave it"
                                + " out");
    }

    @Test
    void printsWarningOncePerBuild() throws Exception {
        Build build = new Build(directory);
        build.request.getUserProperties().setProperty("echo.skpi", "true");
        StopMojo stop = build.stop();
        stop.execute();
        stop.execute();
        StopMojo other = new Build(directory, "other").stop();
        other.session = stop.session;
        other.setLog(build.log);
        other.execute();
        assertThat(build.log.seen()).hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("parametersOfAllGoals")
    void refusesEmptyPropertyOfEachParameter(String goalAndParameter) {
        String goal = goalAndParameter.split(" ", -1)[0];
        String parameter = goalAndParameter.split(" ", -1)[1];
        if (parameter.equals("servers")) {
            return; // it has none
        }
        Build build = new Build(directory);
        String property = Descriptor.mojo(goal)
                .getMojoConfiguration()
                .getChild(parameter)
                .getValue()
                .replaceAll("[${}]", "");
        GoalConfiguration configuration = configuration(build, goal, parameter, "${" + property + "}");
        assertThatCode(configuration::refuseEmptyProperties).doesNotThrowAnyException();
        build.request.getUserProperties().setProperty(property, "");
        assertThatThrownBy(configuration::refuseEmptyProperties)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(parameter + " is empty; give the property " + property + " a value, or leave it out");

        configuration.execution().getConfiguration().getChild(parameter).setValue("given in the POM");
        assertThatCode(configuration::refuseEmptyProperties).doesNotThrowAnyException();
    }

    /** Returns the warnings of a goal whose execution, or whose plugin, has an element of this name. */
    private static List<String> warnings(String goal, Build build, String element, boolean forAll) {
        EchoMojo mojo = build.prepared(new StopMojo(), goal);
        write(build, mojo, forAll, element == null ? new Xpp3Dom[0] : new Xpp3Dom[] {Build.element(element, "x")});
        return warnings(mojo);
    }

    private static List<String> warnings(EchoMojo mojo) {
        List<String> warnings = new ArrayList<>();
        new ParameterNames(mojo.configuration(), warnings::add).check();
        return warnings;
    }

    /** Writes it into the project's POM, for the execution or for the whole plugin too. */
    private static void write(Build build, EchoMojo mojo, boolean forAll, Xpp3Dom... elements) {
        Xpp3Dom configuration = new Xpp3Dom("configuration");
        List.of(elements).forEach(configuration::addChild);
        PluginExecution execution = new PluginExecution();
        execution.setId(mojo.execution.getExecutionId());
        execution.addGoal(mojo.execution.getGoal());
        execution.setConfiguration(configuration);
        Plugin plugin = new Plugin();
        plugin.setGroupId(mojo.execution.getPlugin().getGroupId());
        plugin.setArtifactId(mojo.execution.getPlugin().getArtifactId());
        plugin.addExecution(execution);
        if (forAll) {
            plugin.setConfiguration(configuration);
        }
        build.project.getBuild().addPlugin(plugin);
    }

    private static GoalConfiguration configuration(Build build, String goal, String parameter, String value) {
        EchoMojo mojo = build.prepared(new StopMojo(), goal);
        Build.configure(mojo.execution, parameter, value);
        return mojo.configuration();
    }
}
