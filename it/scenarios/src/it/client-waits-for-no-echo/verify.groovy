String log = new File(basedir, 'build.log').text
assert log =~ /\(execution converse\): 4 of 42 bytes echoed by 127\.0\.0\.1:\d+, then nothing for 300ms/
assert log.contains('/MojoFailureException')
