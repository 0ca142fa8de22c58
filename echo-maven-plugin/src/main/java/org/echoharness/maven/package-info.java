/**
 * The goals of the Echo plugin: {@code start} and {@code stop} around integration tests, {@code run} in the foreground,
 * {@code client} to check an echo, {@code await} for servers that something else starts.
 *
 * <p>The types in reading order: {@link org.echoharness.maven.StartMojo} with {@code ServerMojo} and {@link
 * org.echoharness.maven.Server} (its parameters) and {@code SkippedTests}, {@link org.echoharness.maven.StopMojo}, {@code
 * ProjectServers} (what the two share), {@code PublishedAddresses} (what the build gets), {@code ServerRecording} (what
 * it keeps), {@code CloseAtEnd} (what closes after a failure); {@link org.echoharness.maven.RunMojo} and {@code
 * ForegroundServer}; {@link org.echoharness.maven.ClientMojo}, {@code RoundTrips}, {@code RoundTripFigures}, {@link
 * org.echoharness.maven.AwaitMojo}, {@code AddressAwaiter}.
 */
@NullMarked
package org.echoharness.maven;

import org.jspecify.annotations.NullMarked;
