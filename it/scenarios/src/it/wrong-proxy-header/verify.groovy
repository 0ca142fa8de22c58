def (_, checked, unchecked) = new File(basedir, 'build.log').text.split('Scanning for projects')
Map problems = [
        line: 'connection 2, PROXY header: expected a PROXY header of version 1, seen "hello"',
        binary: 'connection 1, PROXY header: expected a PROXY header of version 2, seen "PROXY TCP4 192.0"'
]
[checked, unchecked].each {
    assert it =~ /127\.0\.0\.1:\d+ answered as expected: 1 round trip, 50 bytes sent, 5 received/
    problems.each { id, problem -> assert it.contains("WARNING] server $id: $problem") }
    assert it.contains('Tests run: 2, Failures: 0')
}
assert checked.indexOf('server line stopped') < checked.indexOf(':verify (default)') // which looks at the tests' results

problems.each { id, problem ->
    String failure = "server $id of org.echoharness.it:wrong-proxy-header: a header was wrong: $problem;" +
            ' correct the client or proxyProtocol, or set checkScript to false'
    assert checked.contains(failure)
    assert !unchecked.contains(failure)
}
assert unchecked.contains('BUILD SUCCESS')

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
