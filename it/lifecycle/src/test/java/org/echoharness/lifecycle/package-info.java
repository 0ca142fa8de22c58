/** What builds with the plugin leave behind, in a JVM that goes on and under signals. */
package org.echoharness.lifecycle;
