# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after common.sh by scripts that cache slow results.

# useCache NAME: sets $cache to the folder NAME, which can be deleted at any time, and removes results of interrupted scripts.
useCache() {
    cache=${XDG_CACHE_HOME:-$HOME/.cache}/pi-edge-agent/$1
    mkdir -p "$cache"
    rm -rf --one-file-system "$cache"/*.part* # an interrupted mmdebstrap leaves mounts
}

# cached NAME INPUTS TITLE COMMAND…: sets $made to the folder that COMMAND fills; it gets an empty folder as its last argument. The
# result is reused while the text INPUTS stays the same; older results of this name are deleted.
cached() {
    local name=$1 title=$3 key
    key=$(sha256sum <<<"$2")
    shift 3
    made=$cache/$name-${key:0:16}
    [[ -d $made ]] && return
    rm -rf "$cache/$name"-*
    mkdir -p "$made.part"
    step "$title" "cache-$name" "$@" "$made.part" ||
        fail "$name could not be made" "Full output: build/logs/cache-$name.log"
    mv "$made.part" "$made"
}
