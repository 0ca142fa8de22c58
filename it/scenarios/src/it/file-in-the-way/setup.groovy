new File(basedir, 'target').mkdirs()
new File(basedir, 'target/echo').text = 'a file'
true
