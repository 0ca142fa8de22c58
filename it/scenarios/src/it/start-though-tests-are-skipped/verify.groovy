String log = new File(basedir, 'build.log').text
assert (log =~ /server default listens on /).count == 1
assert log.contains('start skipped: echo.skip is set')
