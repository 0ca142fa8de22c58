package org.echoharness.maven;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.maven.model.Plugin;
import org.apache.maven.plugin.descriptor.MojoDescriptor;
import org.apache.maven.plugin.descriptor.PluginDescriptor;
import org.apache.maven.plugin.descriptor.PluginDescriptorBuilder;
import org.codehaus.plexus.configuration.PlexusConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** META-INF/maven/plugin.xml, which the build generates from the goals' Javadoc for Maven and IDEs. */
final class Descriptor {

    /** A goal; {@code phase} is empty where it is bound to none. */
    record Goal(
            String name,
            String description,
            String phase,
            String since,
            boolean requiresProject,
            boolean threadSafe,
            List<Parameter> parameters) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** A parameter that users set; {@code property} and {@code defaultValue} are empty where it has none. */
    record Parameter(String name, String description, String since, String property, String defaultValue) {}

    private Descriptor() {}

    static List<Goal> goals() throws Exception {
        return elements(read("maven/plugin.xml").getDocumentElement(), "mojo").stream()
                .map(Descriptor::goal)
                .toList();
    }

    /** The same as Maven reads it, with what it knows of the plugin. */
    static MojoDescriptor mojo(String goal) {
        try (Reader reader = Files.newBufferedReader(Path.of("target", "classes", "META-INF", "maven", "plugin.xml"))) {
            PluginDescriptor plugin = new PluginDescriptorBuilder().build(reader);
            plugin.setPlugin(new Plugin());
            return plugin.getMojo(goal);
        } catch (IOException | PlexusConfigurationException unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }

    static Document read(String name) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(Path.of("target", "classes", "META-INF", name).toFile());
    }

    static List<Element> elements(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (int i = 0; i < parent.getElementsByTagName(name).getLength(); i++) {
            found.add((Element) parent.getElementsByTagName(name).item(i));
        }
        return found;
    }

    private static Goal goal(Element mojo) {
        Element configuration = elements(mojo, "configuration").stream()
                .reduce((first, last) -> last)
                .orElse(mojo);
        return new Goal(
                text(mojo, "goal"),
                text(mojo, "description"),
                text(mojo, "phase"),
                text(mojo, "since"),
                text(mojo, "requiresProject").equals("true"),
                text(mojo, "threadSafe").equals("true"),
                elements(mojo, "parameter").stream()
                        .filter(parameter -> text(parameter, "editable").equals("true"))
                        .map(parameter -> parameter(parameter, configuration))
                        .toList());
    }

    private static Parameter parameter(Element parameter, Element configuration) {
        String name = text(parameter, "name");
        List<Element> set = elements(configuration, name);
        return new Parameter(
                name,
                text(parameter, "description"),
                text(parameter, "since"),
                set.isEmpty() ? "" : set.get(0).getTextContent().replaceAll("[${}]", ""),
                set.isEmpty() ? "" : set.get(0).getAttribute("default-value"));
    }

    /** The text of a child, or nothing. */
    private static String text(Element parent, String name) {
        for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child.getNodeName().equals(name)) {
                return child.getTextContent().strip();
            }
        }
        return "";
    }
}
