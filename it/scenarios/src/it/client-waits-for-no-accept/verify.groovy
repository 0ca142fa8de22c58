int port = context.peer.localPort
context.waiting.each { it.close() }
context.peer.close()
String log = new File(basedir, 'build.log').text
assert log.contains("(execution converse): cannot connect to 127.0.0.1:$port within 300ms; tried 127.0.0.1:$port (no answer)")
assert log.contains('/MojoFailureException')
