/**
 * The goals of the Echo plugin: {@code start} and {@code stop} around integration tests, {@code run} in the foreground,
 * {@code client} to check an echo.
 *
 * <p>The types in reading order: {@link org.echoharness.maven.StartMojo}, {@link org.echoharness.maven.StopMojo},
 * {@code ProjectServers} (what the two share), {@code Published} (what the build is told), {@code CloseAtEnd} (what closes
 * after a failure); {@link org.echoharness.maven.RunMojo}, {@link org.echoharness.maven.ClientMojo}.
 */
@NullMarked
package org.echoharness.maven;

import org.jspecify.annotations.NullMarked;
