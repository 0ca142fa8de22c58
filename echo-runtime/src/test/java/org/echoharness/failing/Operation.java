package org.echoharness.failing;

/** What the runtime asks a channel or a selector for, and which ways it has to fail. */
enum Operation {
    OPEN_SELECTOR,
    OPEN_LISTENING,
    OPEN_SOCKET,
    BIND,
    ACCEPT,
    CONFIGURE_BLOCKING,
    REGISTER,
    SELECT,
    WAKEUP,
    READ,
    WRITE,
    CONNECT,
    FINISH_CONNECT,
    SHUTDOWN_INPUT,
    SHUTDOWN_OUTPUT,
    SET_OPTION,
    GET_OPTION,
    GET_ADDRESS,
    CLOSE;

    /** Returns whether it may throw an {@link java.io.IOException}, as the JDK declares it. */
    boolean isDeclaredToFail() {
        return this != REGISTER && this != WAKEUP;
    }

    boolean movesBytes() {
        return this == READ || this == WRITE;
    }
}
