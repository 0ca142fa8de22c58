InetAddress loopback = InetAddress.getByName('127.0.0.1')
context.peer = new ServerSocket(0, 1, loopback) // it accepts no connection
context.userProperties.setProperty('peer.port', context.peer.localPort as String)
context.waiting = []
try {
    while (context.waiting.size() < 100) { // until the kernel queues no more
        Socket socket = new Socket()
        context.waiting << socket
        socket.connect(new InetSocketAddress(loopback, context.peer.localPort), 500)
    }
    return false
} catch (SocketTimeoutException full) {
    return true // anything else but null is taken for a failure
}
