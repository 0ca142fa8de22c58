String log = new File(basedir, 'build.log').text
int port = (log =~ /server default listens on 127\.0\.0\.1:(\d+)\R/)[0][1] as int
assert log =~ /sending \d+ bytes "echo\.control\.token=.*echo\.pid=\d+\\n.*echo\.server\.default\.port=$port\\n/
assert !new File(basedir, 'ports/echo.properties').exists()

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
