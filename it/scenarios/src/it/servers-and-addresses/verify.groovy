String log = new File(basedir, 'build.log').text
assert log.contains('no server started (execution start-both): servers and addresses are both given; '
        + 'give each <server> its own, or leave servers out')
assert !log.contains('listens on')
