String log = new File(basedir, 'build.log').text
assert log =~ /starting up on 127\.0\.0\.1 port \d+\R/
assert log =~ /stopped after 100ms\R/
