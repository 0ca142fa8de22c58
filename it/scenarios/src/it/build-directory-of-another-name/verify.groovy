String log = new File(basedir, 'build.log').text
assert log =~ /Tests run: 1, Failures: 0, Errors: 0, Skipped: 0/
assert !new File(basedir, 'target/echo').exists()
assert !new File(basedir, 'out/of/the/way/echo/servers.properties').exists()
