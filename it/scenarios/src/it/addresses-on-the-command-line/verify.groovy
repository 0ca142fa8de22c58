String log = new File(basedir, 'build.log').text
def ports = (log =~ /server default listens on 127\.0\.0\.1:(\d+), 127\.0\.0\.1:(\d+)\R/)[0]
assert ports[1] != ports[2]
assert log.contains("connecting to 127.0.0.1 port ${ports[2]}")
