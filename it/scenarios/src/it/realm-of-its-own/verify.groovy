String log = new File(basedir, 'build.log').text
assert log.contains('"the usual one"') && log.contains('"one of its own"')
assert (log =~ /server default stopped because the project failed\R/).count == 1
assert (log =~ /server default stopped because the build ended\R/).count == 2

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
