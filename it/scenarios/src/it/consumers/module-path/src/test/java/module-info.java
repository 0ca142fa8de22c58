open module org.example.named {
    requires org.echoharness.junit;
    requires org.junit.jupiter.api;
}
