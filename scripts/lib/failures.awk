# SPDX-License-Identifier: MIT
# Of a JUnit report of ctest's: each test that did not pass, as "✗ NAME: WHY", and under it the last of what it printed.
BEGIN { most = 80 } # a browser's stack alone has thirty

/^[[:space:]]*<testcase / {
    name = $0
    sub(/^[^"]*"/, "", name)
    sub(/".*/, "", name)
    status = $0
    sub(/.* status="/, "", status)
    sub(/".*/, "", status)
    lines = 0
}

/<system-out>/ {
    inside = 1
    sub(/.*<system-out>/, "")
}

inside {
    last = sub(/<\/system-out>.*/, "")
    if (!last || $0 != "") text[lines++ % most] = $0
    if (last) inside = 0
}

/<\/testcase>/ && status != "run" {
    print "✗ " name ": " status
    for (i = lines > most ? lines - most : 0; i < lines; i++) {
        line = text[i % most]
        gsub(/&lt;/, "<", line)
        gsub(/&gt;/, ">", line)
        gsub(/&quot;/, "\"", line)
        gsub(/&amp;/, "\\&", line)
        print "  │ " line
    }
}
