String log = new File(basedir, 'build.log').text
String problem = 'connection 1, step 1 of 2: expected line "PING", seen "PNIG\\n"'
assert log.contains("WARNING] server default: $problem")
assert log.contains("ERROR] server default of org.echoharness.it:script-was-not-met: the script was not met: $problem;" +
        ' correct the client or the script, or set checkScript to false')
assert log.indexOf('server default stopped') < log.indexOf(':verify (default)') // which looks at the tests' results
assert log.contains('Tests run: 1, Failures: 0')

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
