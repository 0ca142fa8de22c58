context.python = new ProcessBuilder('python3', 'server.py')
        .directory(basedir)
        .redirectError(new File(basedir, 'server.log'))
        .start()
context.port = context.python.inputStream.newReader().readLine() as int // it ends by itself, without a client after a minute
context.userProperties.setProperty('echo.client.address', "127.0.0.1:$context.port".toString())
return true // anything else but null is taken for a failure
