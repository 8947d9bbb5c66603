# SPDX-License-Identifier: MIT
# Prints each failed test of ctest's JUnit report as "✗ NAME: STATUS", followed by the end of its output, and each test that ended with its
# SKIP_RETURN_CODE as "○ NAME: " and its last line.
BEGIN { most = 80 } # lines; a browser's stack alone has thirty

/^[[:space:]]*<testcase / {
    name = $0
    sub(/^[^"]*"/, "", name)
    sub(/".*/, "", name)
    status = $0
    sub(/.* status="/, "", status)
    sub(/".*/, "", status)
    lines = 0
    absent = 0
}

/<skipped message="SKIP_RETURN_CODE=/ { absent = 1 }

/<system-out>/ {
    inside = 1
    sub(/.*<system-out>/, "")
}

inside {
    last = sub(/<\/system-out>.*/, "")
    if (!last || $0 != "") text[lines++ % most] = $0
    if (last) inside = 0
}

/<\/testcase>/ && absent { print "○ " name ": " text[(lines - 1) % most] }

/<\/testcase>/ && !absent && status != "run" {
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
