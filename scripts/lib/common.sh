# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the scripts of this directory's parent, which then stand in the project's root.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
logs=$root/build/logs
# What programs print is read: in one language.
export root logs LC_ALL=C.UTF-8
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
    local title=$1 log=$logs/$2.log status=0 started=$SECONDS
    shift 2
    printf '%s … ' "$title"
    "$@" >"$log" 2>&1 || status=$?
    if ((status == 0)); then
        printf '%d s\n' $((SECONDS - started))
        return
    fi
    printf 'failed after %d s\n' $((SECONDS - started))
    tail -n 40 "$log" >&2
    printf '✗ %s failed; all of its output is in %s\n' "$title" "${log#"$root"/}" >&2
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

# missingPackages GROUP…: those of these groups of packages.txt that are not installed.
missingPackages() {
    local group package
    for group in "$@"; do
        while read -r package; do
            dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
        done < <(awk -v group="$group" '$1 == group { print $2 }' "$root/scripts/lib/packages.txt")
    done | sort -u
}

# installDependencies GROUP…: the Debian packages of these groups of packages.txt, those that are missing.
installDependencies() {
    local missing sudo=() known
    command -v apt-get >/dev/null || fail "this is not a Debian system" "The packages it needs: scripts/lib/packages.txt"
    mapfile -t missing < <(missingPackages "$@")
    ((${#missing[@]} > 0)) || return 0
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "root is needed to install packages, and there is no sudo" \
            "As root: apt-get install ${missing[*]}"
        sudo=(sudo)
    fi
    # Another program that is installing (a new Pi updates itself) is waited for.
    local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --yes -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    local install=("${apt[@]}" install --no-install-recommends "${missing[@]}")

    # A new machine has no list of packages at all; an old list names files that are gone.
    # By exact names: apt takes "g++" for a pattern where it does not know the package.
    known=$(apt-cache --no-all-versions show "${missing[@]}" 2>/dev/null | awk '$1 == "Package:" { print $2 }' | sort -u |
        comm -12 - <(printf '%s\n' "${missing[@]}" | sort -u) | wc -l)
    if ((known < ${#missing[@]})) || ! step "Installing ${#missing[@]} packages" apt-install "${install[@]}"; then
        step "Asking which packages there are" apt-update "${apt[@]}" update ||
            fail "apt could not update its list of packages" "Is there a network, and is /etc/apt/sources.list right?"
        step "Installing ${#missing[@]} packages" apt-install "${install[@]}" ||
            fail "packages could not be installed" "By hand: ${sudo[*]} apt-get install ${missing[*]}"
    fi
}

# installNode: node and npm. Other packages than Debian's have both in one.
installNode() {
    command -v npm >/dev/null || installDependencies node
}

# count REPORT: adds to $passed and $failed what ctest's JUnit report says, and shows what failed with the end of its output.
# `run` is ctest's word for a test that ran and passed.
count() {
    local tests=0 good=0
    if [[ -f $1 ]]; then
        tests=$(grep -c '^[[:space:]]*<testcase ' "$1" || true)
        good=$(grep -c '^[[:space:]]*<testcase .* status="run">' "$1" || true)
        awk -f "$root/scripts/lib/failures.awk" "$1"
    fi
    printf '  %d of %d tests passed\n' "$good" "$tests"
    passed=$((passed + good))
    # No test at all is a failure too.
    failed=$((failed + (tests == 0 ? 1 : tests - good)))
}
