package org.echoharness.maven;

import java.util.ArrayList;
import java.util.List;
import org.apache.maven.plugin.MojoExecution;
import org.codehaus.plexus.util.xml.Xpp3Dom;
import org.echoharness.HostAndPort;
import org.jspecify.annotations.Nullable;

/**
 * Where a goal is to connect to, as the POM of its execution says in a parameter. Maven hands out null, as if nothing were
 * configured, where the POM names a property that is not set: the default in its place would reach another server.
 */
record Configured(MojoExecution execution, String parameter, String property) {

    private static final String DEFAULT = "localhost:" + HostAndPort.DEFAULT_PORT;

    String address(@Nullable String handedOut) {
        if (handedOut != null) {
            return handedOut;
        }
        Xpp3Dom said = said();
        String text = said == null ? null : said.getValue();
        return text == null || text.equals("${" + property + "}") ? DEFAULT : text;
    }

    List<String> addresses(@Nullable List<@Nullable String> handedOut) {
        if (handedOut == null) {
            return List.of(address(null));
        }
        Xpp3Dom said = said();
        List<String> addresses = new ArrayList<>();
        for (int i = 0; i < handedOut.size(); i++) {
            String address = handedOut.get(i);
            String text = said == null || said.getChildCount() <= i
                    ? ""
                    : said.getChild(i).getValue();
            addresses.add(address == null ? text : address);
        }
        return addresses;
    }

    HostAndPort parse(String address) {
        if (address.contains("${")) {
            throw new IllegalArgumentException(
                    parameter + " (" + address + ") names a property that is not set; if it is that of"
                            + " a server, put its start before this execution");
        }
        return HostAndPort.parse(address, HostAndPort.DEFAULT_PORT);
    }

    private @Nullable Xpp3Dom said() {
        Xpp3Dom configuration = execution.getConfiguration();
        return configuration == null ? null : configuration.getChild(parameter);
    }
}
