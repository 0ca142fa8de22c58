def report = { module, name -> new File(basedir, "$module/target/$name").text }
def passed = 'tests="1" errors="0" skipped="0" failures="0"'
def ports = ['extension-first', 'junit-first', 'ide', 'build'].collectEntries { module ->
    String xml = report(module, (module == 'build' ? 'failsafe' : 'surefire') + '-reports/TEST-org.example.ClientIT.xml')
    assert xml.contains(passed)
    [module, (xml =~ /talked to port (\d+)/)[0][1]]
}
String log = new File(basedir, 'build.log').text
assert (log =~ /server default listens on 127\.0\.0\.1:(\d+)/).collect { it[1] } == [ports['build']]
assert ['extension-first', 'junit-first', 'ide'].every { !new File(basedir, "$it/target/echo").exists() } // their own
