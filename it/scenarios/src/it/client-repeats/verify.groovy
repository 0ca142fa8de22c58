String log = new File(basedir, 'build.log').text
String address = (log =~ /server default listens on (127\.0\.0\.1:\d+)\R/)[0][1]
assert (log =~ /sending 15 bytes "again and again"\R/).count == 1
assert log =~ /closing socket\R\[INFO\] 200 round trips in \d+\.\d{3} s: \d+ a second\R/
def latency = log =~ /latency in ms: ([0-9.]+) \(50%\), ([0-9.]+) \(90%\), ([0-9.]+) \(99%\), ([0-9.]+) \(99\.9%\), ([0-9.]+) \(most\)\R/
List<Double> values = latency[0].drop(1).collect { it as double }
assert values == values.toSorted() && values[0] > 0
assert log.contains("[INFO] $address answered as expected: 200 round trips, 3000 bytes sent, 3000 received")
