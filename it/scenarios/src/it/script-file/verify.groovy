String log = new File(basedir, 'build.log').text
assert log.contains('Tests run: 2, Failures: 0')
assert !log.contains('server default: connection')

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
