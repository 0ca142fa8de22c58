String log = new File(basedir, 'build.log').text
[
    '<adresses> is no parameter of start and has no effect; did you mean <addresses>?',
    '<port> is no parameter of start and has no effect; did you mean <addresses>?',
    '<mesage> is no parameter of client and has no effect; did you mean <message>?',
    '<faults> is no parameter of client and has no effect; it is one of run, start',
    '<id> is no parameter of stop and has no effect; did you mean <ids>?',
    'the property echo.fault is none of start and has no effect; did you mean echo.faults?',
    'the property -Decho.client.adress is none of client and has no effect; did you mean -Decho.client.address?'
].each { assert log.contains('[WARNING] ' + it) : it }
assert (log =~ /has no effect/).count == 7
assert log.contains('server default stopped')
