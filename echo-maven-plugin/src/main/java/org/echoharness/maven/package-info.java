/**
 * The goals of the Echo plugin: {@code start} and {@code stop} around integration tests, {@code run} in the foreground,
 * {@code client} to check an echo, {@code await} for servers that something else starts.
 *
 * <table>
 * <caption>The types in reading order: each uses only those before it, except within a circle</caption>
 * <tr><th>room<th>what is there<th>types
 * <tr><th>basics<td>what goals share: their parameters, when they are skipped, errors of files
 *     <td>{@code FileErrors} {@code GoalConfiguration} {@code ParameterNames} {@code SkippedTests} {@code EchoMojo}
 * <tr><th>servers<td>what starts, publishes, records and ends servers
 *     <td>{@code ProjectControl} {@code PublishedProperties} {@code ServersListFile} {@code PublishedAddresses} {@code ServerRecording}
 *     {@code UnmetScript} {@code ProjectServers} {@code CloseAtEnd} {@code ForegroundServer}
 * <tr><th>clients<td>what connects to a server
 *     <td>{@code AddressAwaiter} {@code Message} {@code RoundTripFigures} {@code RoundTrips}
 * <tr><th>goals<td>what Maven calls, with their parameters
 *     <td>{@link org.echoharness.maven.Server} {@code ServerMojo} {@link org.echoharness.maven.StartMojo}
 *     {@link org.echoharness.maven.StopMojo} {@link org.echoharness.maven.RunMojo}
 *     {@link org.echoharness.maven.ClientMojo} {@link org.echoharness.maven.AwaitMojo}
 * </table>
 */
@NullMarked
package org.echoharness.maven;

import org.jspecify.annotations.NullMarked;
