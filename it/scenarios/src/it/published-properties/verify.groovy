String port = context.userProperties.getProperty('fixed.port')
String log = new File(basedir, 'build.log').text
assert log.contains("server fixed listens on 127.0.0.1:$port")
assert (log =~ /the POM defines/).count == 1
assert log.contains("the POM defines echo.server.fixed.port ($port): Maven inserts that value into the POM before the server has a port")
assert log.contains("sending ${12 + port.length()} bytes \"the port is $port\"") // after the stop of that server

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
