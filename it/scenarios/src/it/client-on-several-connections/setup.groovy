import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicInteger

context.peer = new ServerSocket(0, 3, InetAddress.getByName('127.0.0.1'))
context.userProperties.setProperty('peer.port', context.peer.localPort as String)
context.trips = new AtomicInteger()
context.failures = new ConcurrentLinkedQueue()
Thread.startDaemon('peer that answers nobody before all are there') {
    try {
        context.peer.soTimeout = 60_000
        List<Socket> sockets = (1..3).collect { context.peer.accept() }
        2.times {
            sockets.each { socket ->
                socket.soTimeout = 30_000
                socket.outputStream.write(socket.inputStream.readNBytes(42))
                context.trips.incrementAndGet()
            }
        }
        sockets.each { it.close() }
    } catch (IOException failed) {
        context.failures << failed
    }
}
return true // anything else but null is taken for a failure
