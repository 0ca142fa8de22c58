context.peer = new ServerSocket(0, 1, InetAddress.getByName('127.0.0.1'))
context.userProperties.setProperty('echo.client.address', "127.0.0.1:${context.peer.localPort}".toString())
Thread.startDaemon('peer') {
    context.peer.accept().withCloseable { socket ->
        socket.soTimeout = 30_000
        byte[] chunk = new byte[16]
        for (int n = socket.inputStream.read(chunk); n >= 0; n = socket.inputStream.read(chunk)) {
            socket.outputStream.write(chunk, 0, n)
        }
    }
}
return true // anything else but null is taken for a failure
