String log = new File(basedir, 'build.log').text
assert (log =~ /server default listens on /).count == 4
assert (log =~ /server default stopped because the project failed\R/).count == 2
assert (log =~ /server default stopped\R/).count == 1
assert (log =~ /server default stopped because the build ended\R/).count == 1
assert log.contains('"it passes"') && log.contains('"it passes too"')
assert !(log =~ /(passes|without-stop) \.+ (FAILURE|SKIPPED)/) // Maven 4 leaves out the rest

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
