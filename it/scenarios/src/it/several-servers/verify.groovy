String log = new File(basedir, 'build.log').text
int up = (log =~ /server up listens on 127\.0\.0\.1:(\d+)\R/)[0][1] as int
def down = (log =~ /server down listens on 127\.0\.0\.1:(\d+), (?:127\.0\.0\.1|\[::1\]):(\d+)\R/)[0]
assert [up, down[1] as int, down[2] as int].toSet().size() == 3

assert log =~ /connecting to 127\.0\.0\.1 port $up\R.*sending 5 bytes "to up"/
assert log =~ /connecting to 127\.0\.0\.1 port ${down[1]}\R.*sending 7 bytes "to down"/
assert log =~ /connecting to \S+ port ${down[2]}\R.*sending 23 bytes "to down, second address"/

assert log =~ /server down stopped\R/
assert log =~ /server up stopped\R/
