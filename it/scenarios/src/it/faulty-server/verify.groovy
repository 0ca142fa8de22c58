String log = new File(basedir, 'build.log').text
assert log.contains('received 5 bytes "whole"')
assert log =~ /4 of 9 bytes echoed, then the end of the stream from 127\.0\.0\.1:\d+/

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
