context.busy = new ServerSocket(0, 1, InetAddress.getByName('127.0.0.1'))
context.userProperties.setProperty('busy.port', context.busy.localPort as String)
