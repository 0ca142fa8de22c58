/** Tests that a build with the plugin leaves no server, thread or file in a JVM that runs on, or after a signal. */
package org.echoharness.lifecycle;
