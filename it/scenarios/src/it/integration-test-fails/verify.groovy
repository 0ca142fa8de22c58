String log = new File(basedir, 'build.log').text
assert log.contains('expected: <olleh> but was: <hello>')
assert log =~ /server default stopped\R/
assert log.indexOf('server default stopped') < log.indexOf('BUILD FAILURE')

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
