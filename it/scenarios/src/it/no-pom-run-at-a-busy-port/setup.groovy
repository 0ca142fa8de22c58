context.busy = new ServerSocket(0, 1, InetAddress.getByName('127.0.0.1'))
context.userProperties.setProperty('echo.addresses', "127.0.0.1:${context.busy.localPort}".toString())
