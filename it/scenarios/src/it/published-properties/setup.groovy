def free = new ServerSocket(0, 1, InetAddress.getByName('127.0.0.1'))
context.userProperties.setProperty('fixed.port', free.localPort as String)
free.close()
// evaluated when client runs; in the POM it would be replaced when Maven reads it
context.userProperties.setProperty('echo.client.message', 'the port is ${echo.server.fixed.port}')
