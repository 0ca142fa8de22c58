String log = new File(basedir, 'build.log').text
assert log =~ /server real listens on 127\.0\.0\.1:\d+\R/
int relay = (log =~ /server relay listens on 127\.0\.0\.1:(\d+)\R/)[0][1] as int
assert log =~ /connecting to 127\.0\.0\.1 port $relay\R/
assert log =~ /127\.0\.0\.1:$relay answered as expected/
File folder = new File(basedir, 'target/echo/relay')
assert log.contains("server relay stopped; its recording is in $folder")
String transcript = new File(folder, 'transcript.txt').text
assert transcript.contains('received 12 bytes "hello behind"')
assert transcript.contains('sending 8 bytes "changed:" to')
assert transcript.contains('truncate 6 to server')
assert new File(folder, 'conversation.pcapng').bytes[0..3] == [0x0a, 0x0d, 0x0d, 0x0a]

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
