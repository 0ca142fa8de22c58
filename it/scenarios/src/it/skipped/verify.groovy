String log = new File(basedir, 'build.log').text
assert (log =~ /BUILD SUCCESS/).count == 4
assert (log =~ /server default skipped: echo\.skip, skipTests, skipITs or maven\.test\.skip is set\R/).count == 4
assert (log =~ /client skipped: /).count == 4
assert !log.contains('listens on')
assert !log.contains('connecting to')
assert !new File(basedir, 'target/echo').exists()
