int port = context.bound.localPort
context.bound.close()
String log = new File(basedir, 'build.log').text
String reason = "cannot connect to upstream 127.0.0.1:$port; tried 127.0.0.1:$port (Connection refused);" +
        ' is a server listening there?'
assert log.contains("server default: connection 1: $reason")
assert log.contains('/MojoFailureException')
assert new File(basedir, 'target/echo/default/transcript.txt').text.contains(reason)

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
