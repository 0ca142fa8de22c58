String log = new File(basedir, 'build.log').text
def (newer, older) = log.split('BUILD SUCCESS', 2)
assert newer =~ /server default listens on /
assert newer =~ /Tests run: 1, Failures: 0, Errors: 0, Skipped: 0.* EchoIT\R/
assert older.contains('BUILD SUCCESS')
assert older.contains('start skipped: skipTests is set')
assert !(older =~ /Tests run:|listens on/)

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
