String log = new File(basedir, 'build.log').text
assert (log =~ /BUILD SUCCESS/).count == 4
assert (log =~ /server default skipped: echo\.skip, skipITs or maven\.test\.skip is set\R/).count == 3
assert (log =~ /client skipped: /).count == 3
assert (log =~ /listens on/).count == 1
assert (log =~ /connecting to/).count == 1
assert log.indexOf('listens on') > log.lastIndexOf('skipped: ')
assert !new File(basedir, 'target/echo/servers.properties').exists()
