String log = new File(basedir, 'build.log').text
assert log =~ /WARN.* the POM defines echo\.server\.default\.port \(4711\): where the POM uses it, that value is put in before the server has its port; remove the property\R/
assert (log =~ /the POM defines/).count == 1
assert log.contains('sending 4 bytes "4711"') // frozen it is

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
