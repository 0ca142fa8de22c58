// For the end of a verify script: the plugin stopped each server, the ports are free, and no list is left.
String log = new File(basedir, 'build.log').text
def listened = (log =~ /server (\S+) listens on (.*)\R/).collect { [it[1], it[2]] }
assert listened
assert (log =~ /server (\S+) stopped/).collect { it[1] }.sort() == listened.collect { it[0] }.sort()
listened.each { server ->
    server[1].findAll(/(?<=:)\d+(?=,| |$)/).each { port -> new ServerSocket(port as int).close() }
}
log.findAll(/(?<=control at http:\/\/127\.0\.0\.1:)\d+/).each { port -> new ServerSocket(port as int).close() }
basedir.eachFileRecurse { assert it.name != 'servers.properties' }
return true
