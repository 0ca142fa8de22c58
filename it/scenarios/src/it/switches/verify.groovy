String log = new File(basedir, 'build.log').text
[
    'server default did not start (execution yes): record (yes) must be true or false',
    'server default did not start (execution plain): record (on) must be true or false',
    'server default did not start (execution server): record (on) must be true or false',
    'no server started (execution plain): skip (yes) must be true or false',
    'no server started (execution plain): skipWithTests (no) must be true or false'
].each { assert log.contains(it) }
assert !log.contains('listens on')
