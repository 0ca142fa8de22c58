String log = new File(basedir, 'build.log').text
assert (log =~ /Tests run: 1, Failures: 0, Errors: 0, Skipped: 0.* EchoIT\R/).count == 1
assert (log =~ /Tests run: 1, Failures: 0, Errors: 0, Skipped: 0.* EchoLive\R/).count == 1

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
