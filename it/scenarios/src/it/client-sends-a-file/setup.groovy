File message = new File(basedir, 'target/message')
message.parentFile.mkdirs()
message.bytes = [0, 255, 10, 0] as byte[]
return true // anything else but null is taken for a failure
