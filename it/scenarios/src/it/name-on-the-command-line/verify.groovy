String log = new File(basedir, 'build.log').text
assert log.contains('server default did not start (execution start): echo.server.default.port (4711) is a property of the '
        + 'command line already and would hide the server\'s; leave it out there, or set echo.skip where another server is meant')
assert !log.contains('listens on')
assert !new File(basedir, 'target/echo/servers.properties').exists()
