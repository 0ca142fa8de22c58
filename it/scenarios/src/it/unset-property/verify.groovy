String log = new File(basedir, 'build.log').text
String unset = 'names a property that is not set; set '
[
    'no server started (execution faults): faults (${my.faults}) ' + unset + 'my.faults, or leave faults out',
    'no server started (execution server): idleTimeout (${my.time}) ' + unset + 'my.time, or leave idleTimeout out',
    'no server started (execution ports): portsFile (${my.file}) ' + unset + 'my.file, or leave portsFile out',
    'no server started (execution by-property): recording (${not.set}) ' + unset + 'not.set, or leave recording out',
    'nothing awaited (execution await): addresses (${typo}) ' + unset + 'typo, or leave addresses out',
    'nothing sent (execution message): message (Hello ${my.name}) ' + unset + 'my.name, or write $${my.name} for the text itself',
    'no server stopped (execution ids): ids (${my.ids}) ' + unset + 'my.ids, or leave ids out',
    'no echo from 127.0.0.1:1 (execution message)' // set
].each { assert log.contains(it) }
assert !(log =~ /listens|waiting for/)
