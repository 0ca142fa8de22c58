/**
 * A simulation: many clients, faults, controls and live changes, drawn from a seed, against a server and a model of it.
 *
 * <p>Read it in this order: {@code Program} is what happens, line by line, and {@code RandomProgram} draws one. {@code
 * Simulation} runs it, with a {@code SimulatedClient} and its {@code ClientWire} for each connection. What a client may see is
 * said by {@code ModelledConnection}, which is made of {@code ModelledDirection} and {@code ModelledScript}; {@code
 * ModelledServer} has numbers, plans and sessions; {@code SimulatedUpstream} is the server behind a relay; {@code
 * ModelledFaults} draws the faults that the model knows. {@code
 * Aftermath} checks counters and recordings. {@code ShorterProgram} shortens a program that fails.
 */
@NullMarked
package org.echoharness.simulation;

import org.jspecify.annotations.NullMarked;
