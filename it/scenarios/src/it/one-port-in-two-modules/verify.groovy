String log = new File(basedir, 'build.log').text
assert log =~ /server default did not start \(execution start\): cannot listen on 127\.0\.0\.1:\d+: server default of org\.echoharness\.it:[ab], of this build too, listens there; give each a port of its own/
assert !log.contains('end what listens there')
