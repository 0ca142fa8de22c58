String log = new File(basedir, 'build.log').text
assert log =~ /WARN.* the POM defines echo\.server\.default\.port \(4711\): Maven inserts that value into the POM before the server has a port; remove the property\R/
assert (log =~ /the POM defines/).count == 1
assert log.contains('sending 4 bytes "4711"') // frozen it is

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
