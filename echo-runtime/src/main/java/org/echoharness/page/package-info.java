/** Writes the page of a recording. Knows connections and events only as plain records, so that each front end can use it. */
@NullMarked
package org.echoharness.page;

import org.jspecify.annotations.NullMarked;
