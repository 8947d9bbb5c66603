# SPDX-License-Identifier: MIT
# Reads C++ files of the project (paths relative to its root) and prints one line for each #include that the architecture
# forbids: "FILE:LINE: what is wrong; what to do". Exit status 1 where there was one.
#
# core <- {mqtt, sensors, gpio, journal, image} <- config <- camera <- services <- doctor <- agent
#
# A third-party header is included in .cpp files only, with one exception: an adapter of several files. Its headers and its
# sources have the library's name in front ("libcamera_stream.hpp"), and nobody else may include those headers.

BEGIN {
    rank["core"] = 0
    rank["mqtt"] = rank["sensors"] = rank["gpio"] = rank["journal"] = rank["image"] = 1
    rank["config"] = 2; rank["camera"] = 3; rank["services"] = 4; rank["doctor"] = 5; rank["agent"] = 6

    adapter["libcamera"] = "libcamera/"

    # What the C library and the kernel provide; the C++ library's headers have neither dot nor slash.
    system_header = "^((arpa|asm|linux|net|netinet|netpacket|sys)/[a-z0-9_/-]+\\.h|(dirent|dlfcn|endian|errno|fcntl|grp|ifaddrs|inttypes|limits|malloc|netdb|poll|pthread|pwd|sched|signal|spawn|stdint|stdio|stdlib|string|syslog|termios|time|ucontext|unistd)\\.h)$"
}

function complain(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    found = 1
}

# The module of a path below agent/: its first folder, or "agent" for everything else.
function module_of(path, parts) {
    return split(path, parts, "/") > 1 && parts[1] in rank ? parts[1] : "agent"
}

# The library that the file at `path` is part of the adapter of, "" where it is none.
function adapter_of(path, library) {
    sub(/^.*\//, "", path)
    for (library in adapter) if (index(path, library "_") == 1) return library
    return ""
}

function check_own(header, from, to) {
    if (adapter_of(FILENAME) != adapter_of(header)) {
        outside[++outsides] = header
        where[outsides] = FILENAME ":" FNR
    }
    if (FILENAME !~ /^agent\//) return
    if (header ~ /^\.\.?\//) {
        complain("\"" header "\" is relative; name the header from agent/ on")
        return
    }
    from = module_of(substr(FILENAME, 7))
    to = module_of(header)
    if (from == to || rank[to] < rank[from]) return
    complain(from " must not include " to " (\"" header "\"); move what is shared down, or pass it in from above")
}

function check_foreign(header, library) {
    if (FILENAME !~ /\.hpp$/ || header !~ /[.\/]/ || header ~ system_header) return
    if (FILENAME ~ /^agent\/core\// && (header == "fmt/core.h" || header == "tl/expected.hpp")) return
    # What every test asserts with, and reads replies with.
    if (FILENAME ~ /^tests\// && header ~ /^(gtest|nlohmann)\//) return
    library = adapter_of(FILENAME)
    if (library != "" && index(header, adapter[library]) == 1) {
        leaks[FILENAME] = header
        return
    }
    complain("<" header "> in a header; include it in the .cpp and hide its types there")
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, quoted, "\"")
    check_own(quoted[2])
}

/^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0
    sub(/^[^<]*</, "", header)
    sub(/>.*$/, "", header)
    check_foreign(header)
}

END {
    for (i = 1; i <= outsides; ++i) {
        path = "agent/" outside[i]
        if (!(path in leaks)) continue
        printf "%s: \"%s\" brings <%s> along; only the files of its adapter may include it\n", where[i], outside[i], leaks[path]
        found = 1
    }
    exit found
}
