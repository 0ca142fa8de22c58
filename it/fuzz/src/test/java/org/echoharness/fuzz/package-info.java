/**
 * Hostile inputs for all that reads what others write: texts, files, and bytes from the wire. Each class has one target,
 * because Jazzer fuzzes one in a JVM. Every build calls the targets with their seeds; the profile {@code fuzz} goes on from
 * the seeds. Read {@link org.echoharness.fuzz.Inputs} first.
 */
package org.echoharness.fuzz;
