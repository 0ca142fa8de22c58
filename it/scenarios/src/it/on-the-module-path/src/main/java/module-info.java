open module org.echoharness.it.modular {
    requires org.echoharness.junit;
    requires org.junit.jupiter.params;
}
