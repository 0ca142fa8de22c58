String log = new File(basedir, 'build.log').text
def conversation = ~/server "default" at 127\.0\.0\.1:\d+:\R.*\R.*connection from .*\R.*applying corrupt byte 3 to .*\R.*received 5 bytes "hello" from .*\R.*sending 5 bytes "he\\x93lo" to /
assert log =~ conversation
File report = new File(basedir, 'target/surefire-reports/ReaderTest.txt')
assert report.text =~ conversation

assert log =~ /server "default" \(@EchoTest on class LeakTest\): the test left connection 1 from 127\.0\.0\.1:\d+ open; it sent nothing; close it in the test, or leave leaks out of checks/

for (test in ['ReaderTest', 'LeakTest']) {
    def attachments = [:]
    new File(basedir, 'target').eachFileRecurse {
        if (it.parentFile.name == 'echo-default' && it.path.contains(test)) attachments[it.name] = it
    }
    assert attachments.keySet() == ['transcript.txt', 'conversation.html', 'conversation.pcapng', 'conversation.script'] as Set
    assert attachments['transcript.txt'].text.contains('connection from 127.0.0.1:')
    assert attachments.values().every { it.length() > 0 }
}
