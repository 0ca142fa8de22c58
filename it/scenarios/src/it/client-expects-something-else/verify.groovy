String log = new File(basedir, 'build.log').text
assert log.contains('(execution converse): the echo differs at offset 3: expected "help!", received "hello"')
assert log.contains('/MojoFailureException')
