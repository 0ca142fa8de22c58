package org.echoharness.memory;

/** How many rings of a pool connections have, for tests of other packages. The loop's thread calls it. */
public final class LentRings {

    private LentRings() {}

    public static int of(RingPool pool) {
        return pool.lent();
    }
}
