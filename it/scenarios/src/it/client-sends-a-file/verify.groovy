String log = new File(basedir, 'build.log').text
assert log.contains('sending 4 bytes "\\x00\\xff\\n\\x00"')
assert log =~ /answered as expected: 1 round trip, 4 bytes sent, 4 received\R/
