package org.echoharness.dialogue;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;

/** A file or a resource that a script sends. Any thread may use it. */
public interface DataSource {

    /** Finds the source of a name, when the server is built. */
    interface Finder {
        DataSource find(String name);
    }

    /** Returns its length in bytes. */
    long size() throws IOException;

    /** Opens it for one send. */
    ReadableByteChannel open() throws IOException;
}
