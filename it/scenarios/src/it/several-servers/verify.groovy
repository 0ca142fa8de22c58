String log = new File(basedir, 'build.log').text
def up = (log =~ /server up listens on 127\.0\.0\.1:(\d+), (?:127\.0\.0\.1|\[::1\]):(\d+)\R/)[0]
int down = (log =~ /server down listens on 127\.0\.0\.1:(\d+)\R/)[0][1] as int
assert log =~ /connecting to 127\.0\.0\.1 port ${up[1]}\R.*sending 5 bytes "to up"/
assert log =~ /connecting to \S+ port ${up[2]}\R.*sending 21 bytes "to up, second address"/
assert log.indexOf('server up stopped') < log.indexOf("connecting to 127.0.0.1 port $down")
assert log =~ /received \d+ bytes "hello/
assert log.indexOf('server down stopped') > log.indexOf("connecting to 127.0.0.1 port $down")
assert !new File(basedir, 'target/echo/down').exists()

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
