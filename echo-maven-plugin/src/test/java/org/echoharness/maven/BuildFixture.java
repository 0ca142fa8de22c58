package org.echoharness.maven;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Gives each test a build in an empty directory, and stops its servers afterwards. */
abstract class BuildFixture {

    @TempDir
    Path directory;

    Build build;

    @BeforeEach
    void begin() {
        build = new Build(directory);
    }

    @AfterEach
    void end() throws Exception {
        build.stop().execute();
    }
}
