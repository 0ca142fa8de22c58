String log = new File(basedir, 'build.log').text
assert log.contains('server default did not start (execution start): the list of servers cannot be written: '
        + new File(basedir, 'target/echo') + ': a file is in the way, where a folder is needed; delete it')
