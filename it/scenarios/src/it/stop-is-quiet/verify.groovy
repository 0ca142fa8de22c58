String log = new File(basedir, 'build.log').text
assert (log =~ /:stop \(stop/).count == 2
assert !(log =~ /WARN.*server|no server|stopped/)
