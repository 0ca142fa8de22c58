/** What tests share: processes of their own, lines that they await, plain sockets, and threads. Every wait has a deadline. */
package org.echoharness.support;
