/** How texts are read, shown and written to files, for the runtime alone: no API, and not exported. */
@NullMarked
package org.echoharness.text;

import org.jspecify.annotations.NullMarked;
