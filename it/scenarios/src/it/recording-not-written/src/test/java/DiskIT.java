import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DiskIT {

    @Test
    void createsFileInPlaceOfFolder() throws Exception {
        Files.createFile(Path.of("target", "echo", "default"));
    }
}
