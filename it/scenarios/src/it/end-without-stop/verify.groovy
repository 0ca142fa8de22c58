String log = new File(basedir, 'build.log').text
int port = (log =~ /server default listens on 127\.0\.0\.1:(\d+)\R/)[0][1] as int
assert log =~ /server default stopped because the build ended\R/
assert !new File(basedir, 'target/echo/servers.properties').exists()
new ServerSocket(port, 1, InetAddress.getByName('127.0.0.1')).close()

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
