String log = new File(basedir, 'build.log').text
File file = new File((log =~ /server default listens on unix:(.*)\R/)[0][1])
assert log.contains("connecting to unix:$file")
assert new File(basedir, 'target/echo/default/transcript.txt').text.contains('received 10 bytes "hello file"')
assert !file.exists()
assert !file.parentFile.exists()

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
