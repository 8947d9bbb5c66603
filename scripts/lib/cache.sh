# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced, after common.sh, by the scripts that keep what takes long to make.

# useCache NAME: in $cache, the folder of what is kept; it can be deleted at any time. What an interrupted script left is deleted.
useCache() {
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/pi-edge-agent/$1
    mkdir -p "$cache"
    rm -rf "$cache"/*.part
}

# cached NAME INPUTS TITLE COMMAND…: a folder for what COMMAND, given an empty folder as its last argument, makes of INPUTS, a text
# that is another one whenever the result would be; its path is in $made. Older ones of this name are deleted.
cached() {
    local name=$1 title=$3 key
    key=$(sha256sum <<<"$2")
    shift 3
    made=$cache/$name-${key:0:16}
    [[ -d $made ]] && return
    rm -rf "$cache/$name"-*
    mkdir -p "$made.part"
    step "$title" "cache-$name" "$@" "$made.part" ||
        fail "$name could not be made" "The whole output is in build/logs/cache-$name.log."
    mv "$made.part" "$made"
}
