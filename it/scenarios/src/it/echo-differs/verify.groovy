int port = context.peer.localPort
context.peer.close()
String log = new File(basedir, 'build.log').text
assert log.contains("no echo from 127.0.0.1:$port (execution converse): the echo differs at offset 20: expected ")
assert log.contains('/MojoFailureException')
