String log = new File(basedir, 'build.log').text
assert log =~ /(?m)no echo from 127\.0\.0\.1:\d+ \(execution converse\): cannot connect to 127\.0\.0\.1:\d+ with TLS: the certificate of the server is for another host \(No subject alternative names matching IP address 127\.0\.0\.1 found\)/
assert log.contains('/MojoFailureException')
assert new File(basedir, 'target/echo/default/transcript.txt').text.contains('alert certificate_unknown by the client')

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
