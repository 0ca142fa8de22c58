String log = new File(basedir, 'build.log').text
assert log =~ /Tests run: 1, Failures: 0, Errors: 0, Skipped: 0.* GreetingIT\R/
assert (new File(basedir, 'pom.xml').text =~ /<artifactId>echo-maven-plugin/).count == 1
assert (new File(basedir, 'src/test/java/GreetingIT.java').text =~ /@Echo/).count == 2

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
