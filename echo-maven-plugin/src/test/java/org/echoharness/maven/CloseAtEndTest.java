package org.echoharness.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.maven.execution.AbstractExecutionListener;
import org.apache.maven.execution.ExecutionEvent;
import org.apache.maven.execution.ExecutionListener;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.project.MavenProject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CloseAtEndTest {

    @TempDir
    private Path directory;

    private final List<Build> builds = new ArrayList<>();

    @AfterEach
    void end() throws Exception {
        for (Build build : builds) {
            build.stop().execute();
        }
    }

    @Test
    void busyPortOfControlNamesOtherModule() throws Exception {
        Build one = build("one");
        one.start().execute();
        String busy = URI.create(one.project.getProperties().getProperty("echo.control.url"))
                .getAuthority();
        StartMojo start = build("two").start();
        start.control = busy;
        start.session = one.session();
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution start-it): cannot listen on " + busy
                        + ": the HTTP interface of org.example:one, of this build too, listens there; give each a port of"
                        + " its own, or take port 0 and let the kernel pick a free one");
    }

    @Test
    void busyPortErrorNamesOtherModule() throws Exception {
        Build one = build("one");
        one.start().execute();
        Build two = build("two");
        StartMojo start = two.start("127.0.0.1:" + one.port("default"));
        start.session = one.session();
        assertThatThrownBy(start::execute)
                .isInstanceOf(MojoExecutionException.class)
                .hasMessage("server default did not start (execution start-it): cannot listen on 127.0.0.1:"
                        + one.port("default") + ": server default of org.example:one, of this build too, listens there;"
                        + " give each a port of its own, or take port 0 and let the kernel pick a free one");
    }

    @Test
    void busyPortOfOtherProcessNamesNoModule() throws Exception {
        Build one = build("one");
        try (ServerSocket foreign = Build.listen(0)) {
            String port = ":" + foreign.getLocalPort();
            one.start("127.0.0.2" + port).execute();
            StartMojo start = build("two").start("127.0.0.1" + port);
            start.session = one.session();
            assertThatThrownBy(start::execute)
                    .isInstanceOf(MojoExecutionException.class)
                    .hasMessageStartingWith("server default did not start (execution start-it): cannot listen on"
                            + " 127.0.0.1" + port + ": ")
                    .hasMessageNotContaining("of this build");

            start.addresses = List.of("*" + port);
            assertThatThrownBy(start::execute).hasMessageContaining("server default of org.example:one, of this build");
        } finally {
            one.stop().execute();
        }
    }

    @Test
    void failedProjectStopsOnlyItsServers() throws Exception {
        Build failing = build("failing");
        Build other = build("other");
        failing.start().execute();
        StartMojo start = other.start();
        start.session = failing.start().session;
        start.execute();
        int port = failing.port("default");

        failing.request.getExecutionListener().projectFailed(eventOf(Build.project("failing")));

        Build.listen(port).close();
        assertThat(failing.log.seen()).last().isEqualTo("INFO server default stopped because the project failed");
        assertThat(failing.file()).doesNotExist();
        assertThat(Build.echoes(other.port("default"))).isTrue();

        failing.request.getExecutionListener().sessionEnded(eventOf(failing.project));

        assertThat(other.log.seen()).last().isEqualTo("INFO server default stopped because the build ended");
        assertThat(other.file()).doesNotExist();
    }

    @Test
    void stopsServerBeforeNextListener() throws Exception {
        Build build = build("project");
        List<String> filesSeen = new ArrayList<>();
        build.request.setExecutionListener(new AbstractExecutionListener() {
            @Override
            public void projectFailed(ExecutionEvent event) {
                filesSeen.add("file " + build.file().toFile().exists());
            }
        });
        build.start().execute();
        build.request.getExecutionListener().projectFailed(eventOf(build.project));
        assertThat(filesSeen).containsExactly("file false");
    }

    @Test
    void forwardsEveryEvent() throws Exception {
        List<String> heard = new ArrayList<>();
        Build build = build("project");
        build.request.setExecutionListener(stub(ExecutionListener.class, (proxy, method, arguments) -> {
            heard.add(method.getName() + " " + arguments[0]);
            return null;
        }));
        build.start().execute();
        ExecutionListener inFront = build.request.getExecutionListener();
        List<String> reported = new ArrayList<>();
        for (Method method : ExecutionListener.class.getMethods()) {
            ExecutionEvent event = eventOf(build.project);
            method.invoke(inFront, event);
            reported.add(method.getName() + " " + event);
        }
        assertThat(heard).hasSizeGreaterThan(15).isEqualTo(reported);
    }

    @Test
    void rethrowsErrorsOfNextListener() throws Exception {
        Build build = build("project");
        build.request.setExecutionListener(new AbstractExecutionListener() {
            @Override
            public void sessionEnded(ExecutionEvent event) {
                throw new IllegalStateException("the listener's own");
            }
        });
        build.start().execute();
        assertThatThrownBy(() -> build.request.getExecutionListener().sessionEnded(null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the listener's own");
        assertThat(build.file()).doesNotExist();
    }

    @Test
    void acceptsRequestWithoutListener() throws Exception {
        Build build = build("project");
        build.start().execute();
        build.request.getExecutionListener().mojoStarted(eventOf(build.project));
        build.request.getExecutionListener().sessionEnded(eventOf(build.project));
        assertThat(build.file()).doesNotExist();
    }

    @Test
    void parallelStartsInstallOneListener() throws Exception {
        Build first = build("first");
        ExecutorService modules = Executors.newFixedThreadPool(8);
        try {
            CountDownLatch go = new CountDownLatch(1);
            List<Future<?>> starts = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                StartMojo start = build("module" + i).start();
                start.session = first.start().session;
                starts.add(modules.submit(() -> {
                    go.await();
                    start.execute();
                    return null;
                }));
            }
            go.countDown();
            for (Future<?> start : starts) {
                start.get(30, TimeUnit.SECONDS);
            }
        } finally {
            modules.shutdownNow();
        }
        ExecutionListener inFront = first.request.getExecutionListener();
        first.start().execute();
        assertThat(first.request.getExecutionListener()).isSameAs(inFront).isEqualTo(inFront);

        inFront.sessionEnded(null);

        assertThat(builds)
                .allSatisfy(build -> assertThat(build.log.seen())
                        .last()
                        .isEqualTo("INFO server default stopped because the build ended"));
    }

    @Test
    void proxyImplementsObjectMethods() throws Exception {
        Build build = build("project");
        build.start().execute();
        ExecutionListener inFront = build.request.getExecutionListener();
        assertThat(new HashSet<>(List.of(inFront))).contains(inFront).doesNotContain(new AbstractExecutionListener());
        assertThat(inFront).asString().isEqualTo("CloseAtEnd in front of null");
    }

    private Build build(String artifactId) {
        Build build = new Build(directory.resolve(artifactId), artifactId);
        builds.add(build);
        return build;
    }

    static ExecutionEvent eventOf(MavenProject project) {
        return stub(ExecutionEvent.class, (proxy, method, arguments) -> switch (method.getName()) {
            case "getProject" -> project;
            case "toString" -> "event " + System.identityHashCode(proxy);
            default -> null;
        });
    }

    private static <T> T stub(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
