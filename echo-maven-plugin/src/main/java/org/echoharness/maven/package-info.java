/**
 * The goals of the Echo plugin: {@code start} and {@code stop} around integration tests, {@code run} in the foreground,
 * {@code client} to check an echo, {@code await} for servers that something else starts.
 *
 * <p>The types in reading order: {@link org.echoharness.maven.StartMojo} with {@code ServerMojo} and
 * {@link org.echoharness.maven.Server} (its parameters) and {@code SkippedTests}, {@link org.echoharness.maven.StopMojo},
 * {@code ProjectServers} (what the two share), {@code Published} (what the build is told), {@code RecordingFiles} (what it
 * keeps), {@code CloseAtEnd} (what closes after a failure); {@link org.echoharness.maven.RunMojo} and {@code Foreground};
 * {@link org.echoharness.maven.ClientMojo}, {@code RoundTrips}, {@code Figures}, {@link org.echoharness.maven.AwaitMojo},
 * {@code Listening}, {@code Configured} (where the two connect to).
 */
@NullMarked
package org.echoharness.maven;

import org.jspecify.annotations.NullMarked;
