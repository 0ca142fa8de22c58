package org.echoharness;

/**
 * How many connections a server has seen since its start, and what became of them: a snapshot.
 *
 * @param accepted those that were accepted and served, or are
 * @param rejected those that were reset at once because {@code maxConnections} was reached
 * @param idleClosed those of the accepted that were ended for idleness, by an RST or a FIN
 * @param reset those of the accepted that the client reset, or that were lost
 * @param failed those of the accepted that were reset because serving them failed, in a callback for one
 * @param peak the most connections that were open at the same time, of the accepted
 */
public record ConnectionCounters(long accepted, long rejected, long idleClosed, long reset, long failed, long peak) {}
