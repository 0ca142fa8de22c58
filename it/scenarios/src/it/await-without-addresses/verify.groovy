String log = new File(basedir, 'build.log').text
['none', 'empty'].each { // a time-out that is refused, so that nothing is tried
    assert log.contains("cannot wait for localhost:10000 (execution $it): timeout (0s) must be ")
}
assert log =~ /cannot wait for .*\(execution blank\): addresses \(.*\) has an empty element/
