/** The command line: {@code server} and {@code client}. Not an API, and not exported. */
@NullMarked
package org.echoharness.cli;

import org.jspecify.annotations.NullMarked;
