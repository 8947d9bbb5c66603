# SPDX-License-Identifier: MIT
# Reads the output of sha256sum over the project's C++ files, then these files. Prints for each .cpp "FILE SUMS": the checksums of
# the file and of every header of the project that it includes, directly or not. clang-tidy's findings depend on them only.

FNR == 1 { ++files }
files == 1 { sum[$2] = $1; next }

/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    name = quoted[2]
    folder = FILENAME
    sub(/[^\/]*$/, "", folder)
    if (("agent/" name) in sum) header = "agent/" name
    else if (("tests/" name) in sum) header = "tests/" name
    else if ((folder name) in sum) header = folder name
    else if (("tests/integration/" name) in sum) header = "tests/integration/" name
    else next
    includes[FILENAME] = includes[FILENAME] " " header
}

# Appends the checksums of `file` and its headers to `sums`; `seen` ends cycles.
function collect(file, list, count, i) {
    if (file in seen) return
    seen[file] = 1
    sums = sums sum[file]
    count = split(includes[file], list, " ")
    for (i = 1; i <= count; ++i) collect(list[i])
}

END {
    for (file in sum) {
        if (file !~ /\.cpp$/) continue
        split("", seen)
        sums = ""
        collect(file)
        print file, sums
    }
}
