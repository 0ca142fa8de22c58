package org.echoharness.quickstart;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import org.echoharness.junit.EchoScope;
import org.echoharness.junit.EchoTest;

@Retention(RetentionPolicy.RUNTIME)
@EchoTest(name = "upstream", faults = "first 1: reset after 4", scope = EchoScope.METHOD, readTimeout = "2s")
@interface FlakyUpstream {}
