import java.util.concurrent.CompletableFuture

InetAddress loopback = InetAddress.getByName('127.0.0.1')
Socket bound = new Socket() // takes the port and does not listen
bound.bind(new InetSocketAddress(loopback, 0))
context.port = bound.localPort
context.userProperties.setProperty('peer.port', context.port as String)
context.peer = new CompletableFuture()
File log = new File(basedir, 'build.log')
Thread.startDaemon('peer that listens late') {
    long deadline = System.nanoTime() + 60_000_000_000
    while (System.nanoTime() < deadline && !(log.exists() && log.text.contains('waiting for 127.0.0.1:' + context.port))) {
        Thread.yield()
    }
    bound.close()
    ServerSocket peer = new ServerSocket(context.port, 10, loopback)
    context.peer.complete(peer)
    try {
        while (true) {
            peer.accept().withCloseable { socket ->
                socket.soTimeout = 30_000
                socket.outputStream.write(socket.inputStream.readNBytes(42))
            }
        }
    } catch (SocketException closed) {
        // the scenario is over
    }
}
return true // anything else but null is taken for a failure
