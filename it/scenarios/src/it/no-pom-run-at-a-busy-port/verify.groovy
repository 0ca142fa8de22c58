int port = context.busy.localPort
context.busy.close()
String log = new File(basedir, 'build.log').text
assert log.contains("the server did not start (execution default-cli): cannot listen on 127.0.0.1:$port: ")
assert log.contains('/MojoExecutionException')
