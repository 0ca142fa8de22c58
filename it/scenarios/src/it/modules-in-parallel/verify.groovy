String log = new File(basedir, 'build.log').text
def ports = (log =~ /server default listens on 127\.0\.0\.1:(\d+)\R/).collect { it[1] }
assert ports.size() == 3
assert (log =~ /server default stopped\R/).count == 3
assert ports.every { log.contains("connecting to 127.0.0.1 port $it") }
assert ['a', 'b', 'c'].every { log.contains("bytes \"to the server of $it\"") }
assert !log.contains('not marked') // as thread-safe, whatever the words of the Maven

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
