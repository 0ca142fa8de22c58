int port = context.busy.localPort
context.busy.close()
String log = new File(basedir, 'build.log').text
assert log.contains('server orders did not start (execution start-at-a-busy-port): '
        + "cannot listen on 127.0.0.1:$port: ")
assert log =~ /; end what listens there, or take port 0 and let the kernel pick a free one/
assert log.contains('/MojoExecutionException')
assert !log.contains('listens on') // nothing of a partial start
assert !new File(basedir, 'target/echo/servers.properties').exists()
