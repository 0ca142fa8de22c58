package org.echoharness;

/**
 * How many connections a server has seen since its start, and what became of them: a snapshot.
 *
 * @param accepted the connections that were accepted to be served, both open and ended
 * @param rejected the connections that were reset at once because {@code maxConnections} was reached
 * @param idleClosed the accepted connections that the server ended because they were idle, with an RST or a FIN
 * @param reset the accepted connections that the client reset, or that were lost in another way
 * @param failed the accepted connections that were reset because serving them failed, for example in a callback
 * @param peak the most accepted connections that were open at the same time
 */
public record ConnectionCounters(long accepted, long rejected, long idleClosed, long reset, long failed, long peak) {}
