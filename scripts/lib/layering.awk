# SPDX-License-Identifier: MIT
# Reads the C++ files of the project and prints one line for each forbidden #include: "FILE:LINE: what is wrong; what to do". Exit
# status 1 if there is one. CMake cannot check this: all modules share the include directory agent/.
#
# A module includes itself and lower modules only. Third-party headers are included in .cpp files only, so that a library stays
# behind its adapter; libcamera's adapter is a folder, and only files in it include its headers.

BEGIN {
    levels = split("core mqtt,sensors,gpio,journal,image config camera services doctor client", level, " ")
    for (i = 1; i <= levels; ++i) {
        count = split(level[i], names, ",")
        for (j = 1; j <= count; ++j) rank[names[j]] = i
    }
    rank["agent"] = levels + 1 # agent.cpp, main.cpp and commands/
    adapter = "camera/backends/libcamera/"
}

function report(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    found = 1
}

function module_of(path) {
    sub(/\/.*/, "", path)
    return path in rank ? path : "agent"
}

/^[ \t]*#[ \t]*include[ \t]*"/ && FILENAME ~ /^agent\// {
    split($0, quoted, "\"")
    header = quoted[2]
    file = substr(FILENAME, 7)
    from = module_of(file)
    to = module_of(header)
    if (header ~ /^\.\.?\//) report("\"" header "\" is relative; write the path below agent/")
    else if (from != to && rank[to] >= rank[from])
        report(from " must not include " to " (\"" header "\"); move what is shared down, or pass it in from above")
    else if (index(header, adapter) == 1 && index(file, adapter) != 1)
        report("\"" header "\" is private to agent/" adapter)
}

/^[ \t]*#[ \t]*include[ \t]*</ && FILENAME ~ /\.hpp$/ {
    match($0, /<[^>]*>/)
    header = substr($0, RSTART + 1, RLENGTH - 2)
    # The C++ library has neither dot nor slash; then the kernel and the C library.
    if (header !~ /[.\/]/ || header ~ /^(sys|linux)\/|^(poll|signal|stdlib|time|unistd)\.h$/) next
    if (FILENAME ~ /^agent\/core\// && header ~ /^(fmt\/core\.h|tl\/expected\.hpp)$/) next
    if (FILENAME ~ /^tests\// && header ~ /^(gtest|nlohmann)\//) next
    if (index(FILENAME, "agent/" adapter) == 1 && header ~ /^libcamera\//) next
    report("<" header "> in a header; include it in the .cpp and hide its types there")
}

END { exit found }
