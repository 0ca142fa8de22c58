// files that an earlier build left
File folder = new File(basedir, 'target/echo/stopped')
folder.mkdirs()
new File(folder, 'transcript.txt').text = 'earlier'
return true // anything else but null is taken for a failure
