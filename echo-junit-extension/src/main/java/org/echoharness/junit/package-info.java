/**
 * A JUnit Jupiter extension that injects running echo servers and connected clients into tests. It works with JUnit
 * Jupiter 5.12.2 and later, 6.x included, and takes the version that the tests take.
 *
 * <pre>{@code
 * class GreetingTest {
 *
 *     @Test
 *     void messageComesBack(@Echo EchoClient client) throws IOException {
 *         client.expectEcho("hello".getBytes(UTF_8));
 *     }
 * }
 * }</pre>
 *
 * <table>
 * <caption>The types in reading order: each uses only those before it, except within a circle</caption>
 * <tr><th>room<th>what is there<th>types
 * <tr><th>basics<td>what all others use: words, texts, names in the store
 *     <td>{@code JUnitVersion} {@code NeedsJUnit} {@link org.echoharness.junit.EchoScope}
 *     {@link org.echoharness.junit.Source} {@code Check} {@link org.echoharness.junit.EchoTranscript}
 *     {@code Complaints} {@code UnclosedSockets} {@code EscapedText} {@code OwnAnnotations}
 *     {@link org.echoharness.junit.EchoAssertions} {@code ExtensionStore} {@code ScopePath}
 * <tr><th>declared<td>which server a test means, and where it runs
 *     <td>{@code Checks} {@code ServerOptions} {@code AnnotationReader} {@code InjectionPoint} {@code Declaration}
 *     {@code CertificateFile} {@code ExternalControl} {@code ExternalSessions} {@code ServersFile} {@code ExternalLookup} {@code SystemProperties} {@code AskedResets} {@code TargetServer}
 * <tr><th>opened<td>which servers there are, and for how long
 *     <td>{@code OpenedServers} {@code WholeRun} {@code Declarations} {@code ServerLookup}
 * <tr><th>injection<td>what tests get
 *     <td>{@code Injection} {@code Fields} {@code MemberChecks}
 * <tr><th>end<td>what is checked when a test is over, what frees one that hangs, and what a failed one shows
 *     <td>{@code Attachments} {@code HangRescue} {@code TimeLimit} {@code FailureReport} {@code ScriptCheck}
 *     {@code OpenConnections} {@code ConnectionChecks} {@code ParameterNames} {@code EndOfScope}
 * <tr><th>API<td>where users and JUnit begin
 *     <td>{@link org.echoharness.junit.Echo} {@link org.echoharness.junit.EchoTest}
 *     {@link org.echoharness.junit.EchoExtension} {@code TimeoutAwareExtension}
 * <tr><th>circles<td>types that use one another; the annotations name them too
 *     <td>{@link org.echoharness.junit.EchoExtension} {@code TimeoutAwareExtension}
 * </table>
 */
@NullMarked
package org.echoharness.junit;

import org.jspecify.annotations.NullMarked;
