package org.echoharness.lifecycle;

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.maven.Maven;
import org.apache.maven.execution.DefaultMavenExecutionRequest;
import org.apache.maven.execution.ExecutionListener;
import org.apache.maven.execution.MavenExecutionRequest;
import org.apache.maven.execution.MavenExecutionRequestPopulator;
import org.apache.maven.execution.MavenExecutionResult;
import org.codehaus.plexus.ContainerConfiguration;
import org.codehaus.plexus.DefaultContainerConfiguration;
import org.codehaus.plexus.DefaultPlexusContainer;
import org.codehaus.plexus.PlexusConstants;
import org.codehaus.plexus.PlexusContainer;
import org.codehaus.plexus.classworlds.ClassWorld;

/**
 * A JVM that builds one project after the other as the Maven daemon does: one container, whose plugins stay loaded. A
 * line of the input starts a build, {@code FOLDER THREADS GOAL [NAME=VALUE...]}; the answer states how the build ended,
 * which events the request's own listener received, and which threads of servers are left.
 */
public final class Daemon {

    private Daemon() {}

    /**
     * Builds until the input ends.
     *
     * @param args the local repository
     * @throws Exception if there is no Maven 3 on the class path
     */
    public static void main(String[] args) throws Exception {
        ClassWorld world = new ClassWorld("plexus.core", Daemon.class.getClassLoader());
        ContainerConfiguration configuration = new DefaultContainerConfiguration()
                .setClassWorld(world)
                .setRealm(world.getRealm("plexus.core"))
                .setClassPathScanning(PlexusConstants.SCANNING_INDEX)
                .setAutoWiring(true)
                .setJSR250Lifecycle(true)
                .setName("maven");
        PlexusContainer container = new DefaultPlexusContainer(configuration);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            build(container, args[0], List.of(line.split(" ", -1)));
        }
    }

    @SuppressWarnings("JavaUtilDate") // of Maven's API
    private static void build(PlexusContainer container, String repository, List<String> words) throws Exception {
        ConcurrentLinkedQueue<String> heard = new ConcurrentLinkedQueue<>();
        MavenExecutionRequest request = new DefaultMavenExecutionRequest();
        File folder = new File(words.get(0));
        request.setBaseDirectory(folder)
                .setPom(new File(folder, "pom.xml"))
                .setLocalRepositoryPath(repository)
                .setUseLegacyLocalRepository(true)
                .setOffline(true)
                .setInteractiveMode(false)
                .setStartTime(new Date())
                .setSystemProperties((Properties) System.getProperties().clone())
                .setUserProperties(properties(words.subList(3, words.size())))
                .setGoals(List.of(words.get(2)))
                .setReactorFailureBehavior(MavenExecutionRequest.REACTOR_FAIL_AT_END)
                .setExecutionListener(listener(heard));
        request.setMultiModuleProjectDirectory(folder);
        request.setDegreeOfConcurrency(Integer.parseInt(words.get(1)));
        request.setBuilderId(request.getDegreeOfConcurrency() > 1 ? "multithreaded" : "singlethreaded");
        container.lookup(MavenExecutionRequestPopulator.class).populateDefaults(request);
        MavenExecutionResult result = container.lookup(Maven.class).execute(request);
        result.getExceptions().forEach(thrown -> System.out.println("thrown: " + thrown));
        System.out.println("heard: " + heard);
        System.out.println("left: " + serverThreads());
        System.out.println(result.hasExceptions() ? "built: failure" : "built: success");
    }

    private static Properties properties(List<String> pairs) {
        Properties properties = new Properties();
        pairs.forEach(pair -> properties.setProperty(pair.replaceFirst("=.*", ""), pair.replaceFirst(".*?=", "")));
        return properties;
    }

    private static ExecutionListener listener(ConcurrentLinkedQueue<String> heard) {
        return (ExecutionListener) Proxy.newProxyInstance(
                Daemon.class.getClassLoader(), new Class<?>[] {ExecutionListener.class}, (proxy, method, arguments) -> {
                    heard.add(method.getName());
                    return null;
                });
    }

    private static List<String> serverThreads() {
        List<String> names = new ArrayList<>();
        Thread.getAllStackTraces().keySet().forEach(thread -> names.add(thread.getName()));
        names.removeIf(name -> !name.startsWith("echo"));
        return names;
    }
}
