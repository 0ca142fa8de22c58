String log = new File(basedir, 'build.log').text
assert log.contains('BUILD SUCCESS')
assert !log.contains('[WARNING]')
assert !log.contains('validation issue')
