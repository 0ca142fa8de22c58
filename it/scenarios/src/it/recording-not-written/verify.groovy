String log = new File(basedir, 'build.log').text
File inTheWay = new File(basedir, 'target/echo/default')
String unwritten = "the recording could not be written: $inTheWay: a file is in the way, where a folder is needed; delete it"
assert log.contains("WARNING] $unwritten")
assert log.contains("ERROR] server default of org.echoharness.it:recording-not-written: $unwritten")
assert log =~ /server default stopped\R/
assert log.indexOf('server default stopped') < log.indexOf(':verify (default)') // which looks at the tests' results
assert log.contains('Tests run: 1, Failures: 0')

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
