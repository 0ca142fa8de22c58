context.bound = new Socket() // takes the port and does not listen
context.bound.bind(new InetSocketAddress('127.0.0.1', 0))
context.userProperties.setProperty('refusing.port', context.bound.localPort as String)
