try {
    return ['python3', '--version'].execute().waitFor() == 0
} catch (IOException absent) {
    println 'Skipped: there is no python3 here to talk to.'
    return false
}
