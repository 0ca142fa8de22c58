def (_, checked, unchecked) = new File(basedir, 'build.log').text.split('Scanning for projects')
String problem = 'connection 1, step 1 of 2: expected line "PING", seen "PNIG\\n"'
[checked, unchecked].each {
    assert it.contains("WARNING] server default: $problem")
    assert it.contains('Tests run: 1, Failures: 0')
}
assert checked.indexOf('server default stopped') < checked.indexOf(':verify (default)') // which looks at the tests' results

String failure = "ERROR] server default of org.echoharness.it:script-was-not-met: the script was not met: $problem;" +
        ' correct the client or the script, or set checkScript to false'
assert checked.contains(failure)
assert unchecked.contains('BUILD SUCCESS') && !unchecked.contains(failure)

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
