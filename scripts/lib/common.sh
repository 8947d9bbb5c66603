# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# REBUILT from what scripts/demo and scripts/test call, after the original of this file was overwritten by mistake. Its author:
# please compare with what you had, put yours back where it differs, and remove this paragraph.
#
# Sourced by the scripts of this directory's parent, which then stand in the project's root.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
logs=$root/build/logs
export root logs
mkdir -p "$logs"
cd -- "$root" || exit 1

# fail WHAT [HINT]…: says what went wrong and what to do, and ends the script.
fail() {
    printf '\nFAILED: %s\n' "$1" >&2
    shift
    (($# == 0)) || printf '  %s\n' "$@" >&2
    exit 1
}

# step TITLE LOG COMMAND…: runs COMMAND with its output in build/logs/LOG.log, and shows the end of that when it fails.
step() {
    local title=$1 log=$logs/$2.log status=0
    shift 2
    printf '%s …\n' "$title"
    "$@" >"$log" 2>&1 || status=$?
    ((status == 0)) && return
    tail -n 40 "$log" >&2
    printf '%s failed; all of its output is in %s\n' "$title" "${log#"$root"/}" >&2
    return "$status"
}

# compilers: how many may run at once; each takes up to 1 GiB of memory.
compilers() {
    local gigabytes processors
    gigabytes=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
    processors=$(nproc)
    ((gigabytes >= 1)) || gigabytes=1
    echo $((gigabytes < processors ? gigabytes : processors))
}

# installDependencies GROUP…: the Debian packages of these groups of packages.txt, those that are missing.
installDependencies() {
    local group package missing=() sudo=()
    for group in "$@"; do
        while read -r package; do
            dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
        done < <(awk -v group="$group" '$1 == group { print $2 }' "$root/scripts/lib/packages.txt")
    done
    ((${#missing[@]} > 0)) || return 0
    ((EUID == 0)) || sudo=(sudo)
    step "Installing ${missing[*]}" apt "${sudo[@]}" apt-get install --yes --no-install-recommends "${missing[@]}" ||
        fail "packages could not be installed" "Install them by hand: ${missing[*]}"
}
