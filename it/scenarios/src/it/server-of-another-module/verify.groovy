String log = new File(basedir, 'build.log').text
assert (log =~ /Tests run: 1, Failures: 0, Errors: 0, Skipped: 0/).find()
assert log.contains('if start runs in another module, name its list by the configuration parameter echo.servers.file, such as'
        + ' ../NAME/target/echo/servers.properties')
