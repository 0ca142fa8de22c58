int port = context.port
context.peer.get().close()
String log = new File(basedir, 'build.log').text
assert log =~ /waiting for 127\.0\.0\.1:$port: cannot connect to .*Connection refused.*\R\[INFO\] 127\.0\.0\.1:$port listens\R/
assert log.contains("127.0.0.1:$port answered as expected: 1 round trip, 42 bytes sent, 42 received")
