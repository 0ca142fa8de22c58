int port = context.bound.localPort
context.bound.close()
String log = new File(basedir, 'build.log').text
assert log =~ /no server at 127\.0\.0\.1:$port \(execution await\): after 300ms 127\.0\.0\.1:$port was tried (once|\d+ times); the last error was: cannot connect to /
assert log =~ /tried 127\.0\.0\.1:$port \(Connection refused\)/
assert log.contains('/MojoFailureException')
