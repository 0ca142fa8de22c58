String log = new File(basedir, 'build.log').text
String[] builds = log.split('Finished at:')
String empty = ' is empty, so that its property or its default is used; give it a value, or leave it out'
[
    '<addresses>' + empty,
    '<idleTimeout>' + empty,
    '<backlog>' + empty,
    '<ids>' + empty,
    '<recording> in <server> is empty, so that the goal\'s is used; give it a value, or leave it out',
    '<adresses> is no parameter of start and has no effect; did you mean <addresses>?',
    '<recrod> is no parameter of start and has no effect; did you mean <record>?',
    '<readTimeot> is no parameter of any goal and has no effect; did you mean <readTimeout>?',
    'the property -Decho.fault is none of start and has no effect; did you mean -Decho.faults?'
].each {
    assert builds[0].count('[WARNING] ' + it) == 1 : it
}
assert builds[1].contains('[WARNING] <message>' + empty)
assert !log.contains('<faults> is empty')
assert log.count('server default stopped') == 2
assert log.contains('no server stopped (execution some): ids is empty; give the property echo.ids a value, or leave it out')
assert log.contains('addresses () has an empty element; give each a value, or leave addresses out')
