package org.echoharness.failing;

/** What a server or a client does that is made to fail at each of its calls. */
interface Scenario {
    void play(Run run) throws Exception;
}
