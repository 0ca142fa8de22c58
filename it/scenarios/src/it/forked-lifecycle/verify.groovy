String log = new File(basedir, 'build.log').text
assert (log =~ /server default listens on /).count == 2
assert (log =~ /server default goes on at /).count == 1
assert (log =~ /closing socket/).count == 3
assert log =~ /server default stopped\R/
assert log.contains('server default stopped because the build ended')
assert !new File(basedir, 'target/echo/servers.properties').exists()
