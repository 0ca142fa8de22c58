String log = new File(basedir, 'build.log').text
assert (log =~ /server default listens on /).count == 4
assert (log =~ /server default stopped because the project failed\R/).count == 2
assert (log =~ /server default stopped\R/).count == 1
assert (log =~ /server default stopped because the build ended\R/).count == 1
assert log.contains('"it passes"') && log.contains('"it passes too"')
assert (log =~ /passes \.+ SUCCESS|without-stop \.+ SUCCESS/).count == 2

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
