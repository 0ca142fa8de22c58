String log = new File(basedir, 'build.log').text
assert log.contains('server default did not start (execution start-without-a-buffer): bufferSize (0) must be at least 1 byte')
assert log.contains('/MojoExecutionException')
assert !log.contains('listens on')
