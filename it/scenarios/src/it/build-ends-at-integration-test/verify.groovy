String log = new File(basedir, 'build.log').text
assert log.contains('connecting to 127.0.0.1 port')
assert log =~ /server default stopped(?: because the build ended)?\R/ // Maven 4 runs the phase of stop all the same

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
