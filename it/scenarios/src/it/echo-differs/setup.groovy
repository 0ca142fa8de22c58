context.peer = new ServerSocket(0, 1, InetAddress.getByName('127.0.0.1'))
context.userProperties.setProperty('peer.port', context.peer.localPort as String)
Thread.startDaemon('peer that does not echo') {
    context.peer.accept().withCloseable { socket ->
        socket.soTimeout = 30_000
        byte[] message = socket.inputStream.readNBytes(42)
        message[20] = (byte) '!'
        socket.outputStream.write(message)
        socket.inputStream.read() // until the client has gone
    }
}
return true // anything else but null is taken for a failure
