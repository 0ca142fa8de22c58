String log = new File(basedir, 'build.log').text
def listening = log =~ /\[INFO\] server default listens on 127\.0\.0\.1:(\d+)\R/
assert listening.count == 1
int port = listening[0][1] as int
assert port > 0

// the property was published: the client found the server by it
assert log.contains("[INFO] connecting to 127.0.0.1 port $port")
assert log.contains('[INFO] sending 42 bytes "This is the message.  It will be repeated."')
assert log =~ /\[INFO\] received \d+ bytes "This is/
assert log.contains('[INFO] closing socket')

// the file existed while the server ran: the second client sent it
String file = (log =~ /sending \d+ bytes "(echo\.control\.token=.*)"/)[0][1]
int control = (log =~ /control at http:\/\/127\.0\.0\.1:(\d+)\/, with the token in .*servers\.properties\R/)[0][1] as int
String token = (file =~ /echo\.control\.token=([0-9a-f]{32})/)[0][1]
assert file.split(/\\n/).collect { it.replaceAll(/(?<=pid=|started=)\d+/, 'N') } - 'echo.started=N' == [
    "echo.control.token=$token".toString(),
    "echo.control.url=http://127.0.0.1:$control/".toString(),
    'echo.pid=N',
    "echo.server.default.address=127.0.0.1:$port".toString(),
    'echo.server.default.host=127.0.0.1',
    "echo.server.default.port=$port".toString(),
]

// nobody but that client has shown the token
assert log.readLines().findAll { it.contains(token) }.every { it =~ /(sending|received) \d+ bytes/ }

// stop ended it, not the end of the build
assert (log =~ /\[INFO\] server default stopped\R/).count == 1
assert !new File(basedir, 'target/echo/servers.properties').exists()
new ServerSocket(port, 1, InetAddress.getByName('127.0.0.1')).close()

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
