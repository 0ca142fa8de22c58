int port = context.peer.localPort
context.peer.close()
String log = new File(basedir, 'build.log').text
assert context.failures.empty
assert context.trips.get() == 6
assert (log =~ /connecting to 127\.0\.0\.1 port $port\R/).count == 1
assert (log =~ /sending 42 bytes/).count == 1
assert (log =~ /6 round trips in/).count == 1
assert log.contains("127.0.0.1:$port answered as expected: 6 round trips on 3 connections, 252 bytes sent, 252 received")
