/**
 * A JUnit Jupiter extension that injects running echo servers and connected clients into tests. It works with JUnit
 * Jupiter 5.12.2 and later, 6.x included, and takes the version that the tests take.
 *
 * <pre>{@code
 * class GreetingTest {
 *
 *     @Test
 *     void comesBack(@Echo EchoClient client) throws IOException {
 *         client.expectEcho("hello".getBytes(UTF_8));
 *     }
 * }
 * }</pre>
 *
 * <p>The types in reading order: {@link org.echoharness.junit.Echo}, {@link org.echoharness.junit.EchoTest}, {@link
 * org.echoharness.junit.EchoScope}, {@link org.echoharness.junit.Source}; {@link org.echoharness.junit.EchoExtension},
 * which code uses and JUnit calls, with {@code InjectionPoint} and {@code Fields}, {@code Injection}; {@code
 * ServerOptions}, {@code Declaration} and {@code Declarations}: which server is meant; {@code JUnitVersion}; {@code
 * OpenedServers}, {@code WholeRun} and {@code TargetServer}: which server there is, and for how long; {@code
 * ExternalLookup} and {@code ServersFile}: where other processes serve; {@code EndOfScope}, {@code ConnectionChecks} and
 * {@code Checks}: what is checked when a test is over; {@code TimeLimit} and {@code HangRescue}: how one is freed whose
 * time is up; {@code FailureReport} and {@code Attachments}: what a failed test shows.
 */
@NullMarked
package org.echoharness.junit;

import org.jspecify.annotations.NullMarked;
