String log = new File(basedir, 'build.log').text
def conversation = ~/server "default" at 127\.0\.0\.1:\d+:\R.*\R.*connection from .*\R.*applying corrupt byte 3 to .*\R.*received 5 bytes "hello" from .*\R.*sending 5 bytes "he\\x93lo" to /
assert log =~ conversation
File report = new File(basedir, 'target/surefire-reports/ReaderTest.txt')
assert report.text =~ conversation

def attachments = [:]
new File(basedir, 'target').eachFileRecurse { if (it.parentFile.name == 'echo-default') attachments[it.name] = it }
assert attachments.keySet() == ['transcript.txt', 'conversation.html', 'conversation.pcapng'] as Set
assert attachments['transcript.txt'].text.contains('received 5 bytes "hello"')
assert attachments.values().every { it.length() > 0 }
