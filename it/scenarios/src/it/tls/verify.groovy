import java.security.cert.CertificateFactory

String log = new File(basedir, 'build.log').text
assert log.contains('Tests run: 5, Failures: 0, Errors: 0, Skipped: 0')
assert (log =~ /answered as expected/).count == 3
assert (log =~ /\[WARNING\] tls \(insecure\) accepts any certificate, .*\R\[INFO\] connecting to/).count == 1
assert (log =~ /\[WARNING\] tls /).count == 1

// one certificate for both, as the authority of the JVM signs those of all servers
def certificates = ['echo/default.pem', 'wrong.pem'].collect {
    new File(basedir, "target/$it").withInputStream { CertificateFactory.getInstance('X.509').generateCertificates(it) }
}
assert certificates[0].size() == 1
assert certificates[0] == certificates[1]
certificates[0].first().checkValidity()

evaluate(new File(basedir, '../../../src/shared/gone.groovy'))
