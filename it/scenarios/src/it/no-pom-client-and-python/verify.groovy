context.python.waitFor()
List<String> lines = new File(basedir, 'build.log').readLines()
int first = lines.indexOf("[INFO] connecting to 127.0.0.1 port $context.port".toString())
int last = lines.indexOf('[INFO] closing socket')
assert lines[first + 1] == '[INFO] sending 42 bytes "This is the message.  It will be repeated."'
def received = lines[first + 2..<last].collect { it =~ /\[INFO\] received \d+ bytes? "(.+)"/ }
assert received.collect { it[0][1] }.join() == 'This is the message.  It will be repeated.'
assert lines.contains('[INFO] BUILD SUCCESS')
assert context.python.exitValue() == 0
