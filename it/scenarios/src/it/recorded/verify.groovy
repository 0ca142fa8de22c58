String log = new File(basedir, 'build.log').text
['stopped': 'until the stop', 'failed': 'until the failure'].each { id, said ->
    File folder = new File(basedir, "target/echo/$id")
    assert new File(folder, 'transcript.txt').text.contains("\"$said\"")
    assert new File(folder, 'conversation.html').text.contains(said)
    assert new File(folder, 'conversation.pcapng').bytes[0..3] == [0x0a, 0x0d, 0x0d, 0x0a]
    assert new File(folder, 'conversation.script').text.contains("expect \"$said\"")
    assert log.contains("; its recording is in $folder")
}
assert log =~ /server failed stopped because the project failed; its recording/
assert !new File(basedir, 'target/echo/unheard').exists()

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
