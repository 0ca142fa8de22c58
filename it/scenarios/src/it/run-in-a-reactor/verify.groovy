String log = new File(basedir, 'build.log').text
assert (log =~ /starting up on 127\.0\.0\.1 port/).count == 1
assert (log =~ /stopped after 500ms\R/).count == 1
File folder = new File(basedir, 'target/echo/default')
assert log.contains("the recording is in $folder")
assert folder.list().sort() == ['conversation.html', 'conversation.pcapng', 'conversation.script', 'transcript.txt']
assert new File(basedir, 'target/run.pem').text.startsWith('-----BEGIN CERTIFICATE-----')
