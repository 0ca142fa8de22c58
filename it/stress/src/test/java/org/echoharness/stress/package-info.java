/**
 * The reliability table, row by row, over real sockets and processes, by the public API alone. Each test prints its row
 * with the figure that it reached; {@code -Dstress.scale} says how long it tries. Read {@link
 * org.echoharness.stress.Stress} first.
 */
package org.echoharness.stress;
