String log = new File(basedir, 'build.log').text
assert log.contains('WARNING] server default: connection 1, step 1 of 2: expected line "PING", seen "PNIG\\n"')
assert !log.contains('the script was not met')
assert log.contains('Tests run: 1, Failures: 0')

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
