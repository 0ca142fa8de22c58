context.peer.close()
String log = new File(basedir, 'build.log').text
assert log.contains('(execution fail): the echo differs at offset 0')
assert log =~ /server default stopped because the project failed\R/
assert log.contains('[INFO] received 4 bytes "free"')
assert log =~ /fails \.+ FAILURE/
assert !(log =~ /looks \.+ (FAILURE|SKIPPED)/) // Maven 4 leaves out the rest
assert !new File(basedir, 'fails/target/echo/servers.properties').exists()

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
