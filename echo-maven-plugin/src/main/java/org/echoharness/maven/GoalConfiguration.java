package org.echoharness.maven;

import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.model.ConfigurationContainer;
import org.apache.maven.model.Plugin;
import org.apache.maven.model.PluginExecution;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.PluginParameterExpressionEvaluator;
import org.apache.maven.plugin.descriptor.MojoDescriptor;
import org.apache.maven.project.MavenProject;
import org.codehaus.plexus.component.configurator.expression.ExpressionEvaluationException;
import org.codehaus.plexus.configuration.PlexusConfiguration;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of an execution as the POM and the command line give them. If one names a property that is not set,
 * Maven passes the default value, null or an empty list to the goal, as if the parameter were absent.
 */
record GoalConfiguration(MojoExecution execution, MavenSession session, MavenProject project) {

    /** The name of a property in a text; {@code $${name}} is the text itself. */
    private static final Pattern NAMED = Pattern.compile("(?<!\\$)\\$\\{([^}]+)\\}");

    /** The limit for properties that name others, because they may do so in a circle. */
    private static final int DEEPEST = 20;

    /** Returns whether a value is set, even if it is the default. */
    boolean isGiven(String parameter) {
        Xpp3Dom configured = configured(parameter);
        if (configured == null) {
            return false;
        }
        String text = configured.getValue();
        if (text == null || text.isEmpty() || text.equals(own(parameter))) {
            return configured.getChildCount() > 0 || evaluate(own(parameter)) != null;
        }
        return true;
    }

    /**
     * Checks all parameters.
     *
     * @throws IllegalArgumentException if one names a property that is not set
     */
    void refuseUnsetProperties() {
        Xpp3Dom configuration = execution.getConfiguration();
        if (configuration != null) {
            for (Xpp3Dom element : configuration.getChildren()) {
                refuseUnsetProperties(element.getName());
            }
        }
    }

    /**
     * Checks one parameter.
     *
     * @throws IllegalArgumentException if it names a property that is not set
     */
    void refuseUnsetProperties(String parameter) {
        Xpp3Dom configured = configured(parameter);
        if (configured != null) {
            refuseUnset(parameter, configured);
        }
    }

    /**
     * Checks the properties of the parameters. If one is empty, Maven makes it an empty list or the folder of the
     * project.
     *
     * @throws IllegalArgumentException if one is set and empty
     */
    void refuseEmptyProperties() {
        Xpp3Dom configuration = execution.getConfiguration();
        for (Xpp3Dom element : configuration == null ? new Xpp3Dom[0] : configuration.getChildren()) {
            Matcher own = NAMED.matcher(own(element.getName()));
            if (own.matches() && own.group().equals(element.getValue()) && "".equals(property(own.group(1)))) {
                throw new IllegalArgumentException(element.getName() + " is empty; give the property " + own.group(1)
                        + " a value, or leave it out");
            }
        }
    }

    /**
     * Returns the configuration of this execution in the POM, without what Maven adds; null if there is none. Maven
     * passes it to goals on the command line too, whose execution does not have it.
     */
    @Nullable
    Xpp3Dom written() {
        Plugin plugin = plugin();
        if (plugin == null) {
            return null;
        }
        PluginExecution inPom = plugin.getExecutionsAsMap().get(execution.getExecutionId());
        return configuration(inPom == null ? plugin : inPom);
    }

    /** Returns the configuration of all executions in the POM. */
    @Nullable
    Xpp3Dom writtenForAll() {
        Plugin plugin = plugin();
        return plugin == null ? null : configuration(plugin);
    }

    /** Returns the goals of the execution in the POM; none on the command line. */
    List<String> goals() {
        Plugin plugin = plugin();
        PluginExecution inPom =
                plugin == null ? null : plugin.getExecutionsAsMap().get(execution.getExecutionId());
        return inPom == null ? List.of() : inPom.getGoals();
    }

    private @Nullable Plugin plugin() {
        String key = execution.getPlugin().getKey();
        Plugin plugin = project.getPlugin(key);
        return plugin != null || project.getPluginManagement() == null
                ? plugin
                : project.getPluginManagement().getPluginsAsMap().get(key);
    }

    private static @Nullable Xpp3Dom configuration(ConfigurationContainer of) {
        return of.getConfiguration() instanceof Xpp3Dom configuration ? configuration : null;
    }

    private void refuseUnset(String parameter, Xpp3Dom element) {
        String text = element.getValue();
        if (text != null) {
            refuseUnset(parameter, element.getName(), text, text, 0);
        }
        for (Xpp3Dom child : element.getChildren()) {
            refuseUnset(parameter, child);
        }
    }

    /** Checks a text, which is that of the element or of a property that it names. */
    private void refuseUnset(String parameter, String element, String given, String text, int depth) {
        for (Matcher named = NAMED.matcher(text); named.find(); ) {
            String name = named.group(1);
            String value = property(name);
            if (value != null) {
                if (depth < DEEPEST) {
                    refuseUnset(parameter, element, text.equals(own(parameter)) ? value : given, value, depth + 1);
                }
            } else if (!named.group().equals(own(parameter)) && evaluate(named.group()) == null) {
                throw new IllegalArgumentException((isPart(parameter, element) ? element : parameter) + " (" + given
                        + ") names a property that is not set; " + cure(parameter, element, name));
            }
        }
    }

    /** Returns whether the element is a separate word within the parameter, as in a {@code <server>}. */
    private static boolean isPart(String parameter, String element) {
        return parameter.equals("servers") && !element.equals("address") && !element.equals("server");
    }

    private String cure(String parameter, String element, String name) {
        if (name.startsWith("echo.server.")) {
            String server = name.substring(0, name.lastIndexOf('.'));
            if (name.endsWith(".certificate") && property(server + ".address") != null) {
                return "that server has no certificate; set its tls, such as self-signed, and no certificateFile of none";
            }
            if (property(server + ".path") != null) {
                return "that server is at a Unix socket; use " + server + ".address or " + server + ".path";
            }
            if (name.endsWith(".path") && property(server + ".port") != null) {
                return "that server has no Unix socket; use " + server + ".address, " + server + ".host or " + server
                        + ".port";
            }
            return "if it is that of a server, put its start before this execution";
        }
        if (name.startsWith("echo.control.")) {
            return "put the start of a server with control before this execution";
        }
        String instead = parameter.equals("message") || parameter.equals("expected")
                ? "write $${" + name + "} for the text itself"
                : "leave " + (isPart(parameter, element) ? element : parameter) + " out";
        return "set " + name + ", or " + instead;
    }

    /** Looks in Maven's order: the command line, the system, the POM. */
    private @Nullable String property(String name) {
        String value = null;
        for (Properties from :
                new Properties[] {session.getUserProperties(), session.getSystemProperties(), project.getProperties()
                }) {
            value = value == null ? from.getProperty(name) : value;
        }
        return value;
    }

    private @Nullable Object evaluate(String expression) {
        try {
            return expression.isEmpty()
                    ? null
                    : new PluginParameterExpressionEvaluator(session, execution).evaluate(expression);
        } catch (ExpressionEvaluationException unknown) {
            return null;
        }
    }

    /** Returns the property of the parameter itself, such as {@code ${echo.word}}; empty if it has none. */
    private String own(String parameter) {
        MojoDescriptor goal = execution.getMojoDescriptor();
        PlexusConfiguration all = goal == null ? null : goal.getMojoConfiguration();
        PlexusConfiguration own = all == null ? null : all.getChild(parameter, false);
        String expression = own == null ? null : own.getValue(null);
        return expression == null ? "" : expression;
    }

    private @Nullable Xpp3Dom configured(String parameter) {
        Xpp3Dom configuration = execution.getConfiguration();
        return configuration == null ? null : configuration.getChild(parameter);
    }
}
