// An echo for the first module, which sends the address of its server; then, for the second, whether it still does.
InetAddress loopback = InetAddress.getByName('127.0.0.1')
context.peer = new ServerSocket(0, 1, loopback)
context.userProperties.setProperty('witness', "127.0.0.1:${context.peer.localPort}".toString())

String heard(Socket socket) {
    socket.soTimeout = 30_000
    StringBuilder text = new StringBuilder()
    while (!text.toString().endsWith(';')) {
        int b = socket.inputStream.read()
        assert b >= 0
        text.append((char) b)
    }
    return text
}

Thread.startDaemon('witness') {
    String server = ''
    context.peer.accept().withCloseable { socket ->
        server = heard(socket)
        socket.outputStream.write(server.bytes)
    }
    context.peer.accept().withCloseable { socket ->
        heard(socket)
        int port = server.find(/\d+(?=;)/) as int
        String state
        try {
            new ServerSocket(port, 1, loopback).close()
            state = 'free'
        } catch (BindException busy) {
            state = 'busy'
        }
        socket.outputStream.write(state.bytes)
    }
}
return true // anything else but null is taken for a failure
