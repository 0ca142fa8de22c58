String log = new File(basedir, 'build.log').text
assert log.contains('(execution await): addresses (${echo.server.default.address}) names a property that is not set')
assert log.contains('/MojoExecutionException')
assert !log.contains('waiting for')
