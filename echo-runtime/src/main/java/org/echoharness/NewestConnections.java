package org.echoharness;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Picks the newest of recorded connections, as many as fit into a file of limited size. */
final class NewestConnections {

    interface Size {
        long of(RecordedConnection connection) throws IOException;
    }

    private NewestConnections() {}

    /** One that alone is too large is passed over; from the first that does not fit any more, all older ones are left out. */
    static List<RecordedConnection> fitting(List<RecordedConnection> all, long mostBytes, Size size)
            throws IOException {
        List<RecordedConnection> fitting = new ArrayList<>();
        long left = mostBytes;
        for (int i = all.size() - 1; i >= 0; i--) {
            RecordedConnection connection = all.get(i);
            long bytes = size.of(connection);
            if (bytes <= left) {
                fitting.add(connection);
                left -= bytes;
            } else if (bytes <= mostBytes) {
                break;
            }
        }
        Collections.reverse(fitting);
        return fitting;
    }
}
