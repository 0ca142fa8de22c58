String log = new File(basedir, 'build.log').text
assert log.contains('(execution converse): the echo differs at offset 3: expected "p!", received "lo"')
assert log.contains('/MojoFailureException')
