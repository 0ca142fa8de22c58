package org.echoharness.dialogue;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ScriptResourcesTest {

    @TempDir
    private Path folder;

    private static String content(DataSource source) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
        try (ReadableByteChannel channel = source.open()) {
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
        }
        return new String(bytes.array(), ISO_8859_1);
    }

    private void file(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text, UTF_8);
    }

    private interface Action {
        void run() throws Exception;
    }

    private static void withClassPath(Path folder, Action action) throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            thread.setContextClassLoader(loader);
            action.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Test
    void findsFileBeforeResource() throws Exception {
        file("data.txt", "of the file");
        file("resources/data.txt", "of the class path");
        file("resources/only.txt", "only there");
        ScriptResources files = new ScriptResources(folder);
        withClassPath(folder.resolve("resources"), () -> {
            assertThat(content(files.find("data.txt"))).isEqualTo("of the file");
            assertThat(content(files.find("classpath:data.txt"))).isEqualTo("of the class path");
            assertThat(content(files.find("classpath:/data.txt"))).isEqualTo("of the class path");
            assertThat(content(files.find("only.txt"))).isEqualTo("only there");
            assertThat(content(files.find(folder.resolve("data.txt").toString())))
                    .isEqualTo("of the file");
        });
    }

    @Test
    void namesBeginAtFolderOfScript() throws Exception {
        file("scripts/smtp.echo", "send file \"data.txt\"");
        file("scripts/data.txt", "beside the script");
        file("data.txt", "in the directory");
        ScriptResources.ScriptFile read = new ScriptResources(folder).script("scripts/smtp.echo");
        assertThat(read.option()).isEqualTo("scriptFile (scripts/smtp.echo)");
        assertThat(read.text()).isEqualTo("send file \"data.txt\"");
        assertThat(content(read.files().find("data.txt"))).isEqualTo("beside the script");
    }

    @Test
    void namesBeginAtFolderOfResource() throws Exception {
        file("resources/scripts/smtp.echo", "\uFEFFsend file \"data.txt\"");
        file("resources/scripts/data.txt", "beside the script");
        file("resources/data.txt", "at the root");
        file("resources/root.txt", "only at the root");
        withClassPath(folder.resolve("resources"), () -> {
            ScriptResources.ScriptFile read = new ScriptResources(folder).script("classpath:scripts/smtp.echo");
            assertThat(read.text()).isEqualTo("send file \"data.txt\"");
            assertThat(content(read.files().find("data.txt"))).isEqualTo("beside the script");
            assertThat(content(read.files().find("root.txt"))).isEqualTo("only at the root");
        });
    }

    @Test
    void readsFileByItsPath() throws Exception {
        file("scripts/smtp.echo", "send file \"data.txt\"");
        file("scripts/data.txt", "beside the script");
        Path script = folder.resolve("scripts/smtp.echo");
        ScriptResources.ScriptFile read = ScriptResources.script(script);
        assertThat(read.option()).isEqualTo("scriptFile (" + script + ")");
        assertThat(content(read.files().find("data.txt"))).isEqualTo("beside the script");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScriptResources.script(folder.resolve("no.echo")))
                .withMessage(
                        "scriptFile (" + folder.resolve("no.echo") + ") cannot be read: No such file or directory");
    }

    @Test
    void folderIsNoScript() throws Exception {
        file("target/smtp.echo", "echo");
        String error = " is a folder; name a file in it";
        ScriptResources files = new ScriptResources(folder);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> files.script("target"))
                .withMessage("scriptFile (target)" + error);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> files.find("target"))
                .withMessage("script: file \"target\"" + error);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScriptResources.script(folder))
                .withMessage("scriptFile (" + folder + ")" + error);
    }

    @ParameterizedTest
    @CsvSource({
        "1f8b0800000000, gunzip",
        "504b0304140000, unzip",
        "28b52ffd000000, zstd -d",
        "fd377a585a0000, xz -d",
        "04224d18644070, lz4 -d"
    })
    void compressedFileIsToBeUnpacked(String hex, String program) throws Exception {
        Files.write(folder.resolve("x.gz"), HexFormat.of().parseHex(hex));
        ScriptResources.ScriptFile read = new ScriptResources(folder).script("x.gz");
        assertThatIllegalArgumentException()
                .isThrownBy(read::text)
                .withMessage("scriptFile (x.gz) cannot be read: it is compressed; unpack it with " + program);
    }

    @Test
    void errorsNameFileAndReason() throws Exception {
        Files.write(folder.resolve("latin1.echo"), new byte[] {'#', (byte) 0xe9});
        Files.write(folder.resolve("large.bin"), new byte[(16 << 20) + 1]);
        ScriptResources files = new ScriptResources(folder);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> files.find("no.txt"))
                .withMessage("script: file \"no.txt\" is neither a file (" + folder.resolve("no.txt")
                        + ") nor on the class path");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> files.find("classpath:no.txt"))
                .withMessage("script: file \"classpath:no.txt\" is not on the class path");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> files.script("no.echo"))
                .withMessage("scriptFile (no.echo) is neither a file (" + folder.resolve("no.echo")
                        + ") nor on the class path");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> files.script("latin1.echo").text())
                .withMessage("scriptFile (latin1.echo) cannot be read: it is not text in UTF-8");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> files.find("a\0b"))
                .withMessage("script: file \"a\\x00b\" cannot be read: Nul character not allowed: a\\x00b");
        withClassPath(
                folder,
                () -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> files.find("classpath:large.bin"))
                        .withMessage("script: file \"classpath:large.bin\" is a resource of more than 16MiB;"
                                + " put it beside the class path as a file"));
    }
}
