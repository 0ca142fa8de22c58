int port = context.bound.localPort
context.bound.close()
String log = new File(basedir, 'build.log').text
assert log.contains("no echo from 127.0.0.1:$port (execution converse): cannot connect to 127.0.0.1:$port")
assert log.contains('is a server listening there?')
assert log.contains('/MojoFailureException')
