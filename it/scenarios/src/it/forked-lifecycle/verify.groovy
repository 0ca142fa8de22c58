String log = new File(basedir, 'build.log').text
boolean forks = (log =~ />>> (maven-)?source/).find() // Maven 4 does not run a phase again that has run
assert (log =~ /server default listens on /).count == (forks ? 2 : 1)
assert (log =~ /server default goes on at /).count == (forks ? 1 : 0)
assert (log =~ /closing socket/).count == (forks ? 3 : 1)
assert log =~ /server default stopped\R/
assert log.contains('server default stopped because the build ended') == forks
assert !new File(basedir, 'target/echo/servers.properties').exists()
