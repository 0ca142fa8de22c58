String log = new File(basedir, 'build.log').text
def run = log =~ /\[INFO\] starting up on 127\.0\.0\.1 port (\d+)\R\[INFO\] waiting for a connection\R\[INFO\] stopped after 500ms\R/
int port = run[0][1] as int
new ServerSocket(port, 1, InetAddress.getByName('127.0.0.1')).close()
