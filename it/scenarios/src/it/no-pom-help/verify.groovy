String log = new File(basedir, 'build.log').text
assert ['await', 'client', 'help', 'run', 'start', 'stop'].every { log =~ /\Recho:$it\R  [A-Z]/ }
assert log.contains('(Default: 127.0.0.1:0)')
assert log.contains('User property: echo.run.timeout')

// a parameter without a sentence would be followed by its property, or by nothing
def parameters = log =~ /(?m)^    (\w+)(?: \(Default: .*\))?$/
assert parameters.count > 20
def described = log =~ /(?m)^    (\w+)(?: \(Default: .*\))?\R      (?!User property)\S/
assert parameters.collect { it[1] } == described.collect { it[1] }
