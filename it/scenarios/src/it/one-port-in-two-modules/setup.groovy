def free = new ServerSocket(0, 1, InetAddress.getByName('127.0.0.1'))
context.userProperties.setProperty('fixed.port', free.localPort as String)
free.close()
