String log = new File(basedir, 'build.log').text
assert (log =~ /BUILD SUCCESS/).count == 5
['echo.skip', 'skipITs', 'maven.test.skip', 'maven.test.skip.exec', 'skipTests'].each {
    assert log.contains("start skipped: $it is set")
    assert log.contains("client skipped: $it is set")
}
assert !(log =~ /listens on|connecting to|stopped|WARN.*server/)
assert !new File(basedir, 'target/echo').exists()
