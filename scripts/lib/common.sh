# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the scripts of the parent folder; changes to the project's root.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
logs=$root/build/logs
# The scripts parse output, so it must be in one language.
export root logs LC_ALL=C.UTF-8
mkdir -p "$logs"
cd -- "$root" || exit 1

# fail WHAT [HINT]…: prints what went wrong and what to do, and ends the script.
fail() {
    printf '\nFAILED: %s\n' "$1" >&2
    shift
    (($# == 0)) || printf '  %s\n' "$@" >&2
    exit 1
}

# step TITLE LOG COMMAND…: runs COMMAND with its output in build/logs/LOG.log; on a terminal it shows how far a build is. Shows the
# end of the log on failure.
step() {
    local title=$1 log=$logs/$2.log status=0 started=$SECONDS watcher=
    shift 2
    printf '%s … ' "$title"
    : >"$log"
    if [[ -t 1 ]]; then
        showProgress "$title" "$log" &
        watcher=$!
    fi
    "$@" >"$log" 2>&1 || status=$?
    if [[ -n $watcher ]]; then
        kill "$watcher" 2>/dev/null || true
        wait "$watcher" 2>/dev/null || true
        printf '\r\e[K%s … ' "$title"
    fi
    if ((status == 0)); then
        printf '%d s\n' $((SECONDS - started))
        return
    fi
    printf 'failed after %d s\n' $((SECONDS - started))
    tail -n 40 "$log" >&2
    printf '✗ %s failed; full output: %s\n' "$title" "${log#"$root"/}" >&2
    return "$status"
}

# showProgress TITLE LOG: until it is killed, shows the last "[3/120]" of ninja's or "3/120" of ctest's lines in LOG.
showProgress() {
    local progress
    while sleep 1; do
        progress=$(tail -n 3 "$2" | grep -oE '^ *\[?[0-9]+/[0-9]+' | tail -n 1 | tr -d ' [') || continue
        printf '\r\e[K%s … %s' "$1" "${progress/\// of }"
    done
}

# compilers: prints how many may run in parallel; each takes up to 1 GiB of memory.
compilers() {
    local gigabytes processors
    gigabytes=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
    processors=$(nproc)
    ((gigabytes >= 1)) || gigabytes=1
    echo $((gigabytes < processors ? gigabytes : processors))
}

# dependenciesOf GROUP…: prints the packages of these groups of packages.txt. The group "build" has those of debian/control, too;
# without pi-edge-camera's if $camera is "no".
dependenciesOf() {
    local group
    for group in "$@"; do
        awk -v group="$group" '$1 == group { print $2 }' "$root/scripts/lib/packages.txt"
        [[ $group != build ]] || awk -v camera="${camera:-yes}" '/^[^ ]/ { inside = /^Build-Depends:/ }
            inside && /^ [a-z]/ && !/^ (debhelper-compat|dh-sequence)/ && !(camera == "no" && /nocamera/) { sub(/,$/, ""); print $1 }' \
            "$root/debian/control"
    done | sort -u
}

# missingPackages GROUP…: prints the packages of these groups that are not installed.
missingPackages() {
    local package
    while read -r package; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done < <(dependenciesOf "$@")
}

# installDependencies GROUP…: installs the missing Debian packages of these groups (dependenciesOf).
installDependencies() {
    local missing sudo=() known
    command -v apt-get >/dev/null || fail "this is not a Debian system" "Required packages: debian/control, scripts/lib/packages.txt"
    mapfile -t missing < <(missingPackages "$@")
    ((${#missing[@]} > 0)) || return 0
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "root is needed to install packages, and there is no sudo" \
            "As root: apt-get install ${missing[*]}"
        sudo=(sudo)
    fi
    # Waits for another installation to finish: a new Pi updates itself.
    local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --yes -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    local install=("${apt[@]}" install --no-install-recommends "${missing[@]}")

    # A new machine has no list of packages; an old list names files that no longer exist.
    # Compares exact names, because apt treats an unknown "g++" as a pattern.
    known=$(apt-cache --no-all-versions show "${missing[@]}" 2>/dev/null | awk '$1 == "Package:" { print $2 }' | sort -u |
        comm -12 - <(printf '%s\n' "${missing[@]}" | sort -u) | wc -l)
    if ((known < ${#missing[@]})) || ! step "Installing ${#missing[@]} packages" apt-install "${install[@]}"; then
        step "Updating the list of packages" apt-update "${apt[@]}" update ||
            fail "apt could not update its list of packages" "Check the network and /etc/apt/sources.list."
        step "Installing ${#missing[@]} packages" apt-install "${install[@]}" ||
            fail "apt could not install packages" "By hand: ${sudo[*]} apt-get install ${missing[*]}"
    fi
}

# installNode: installs node and npm. Packages from elsewhere contain both, so npm decides.
installNode() {
    command -v npm >/dev/null || installDependencies node
}

# count REPORT: adds the results of ctest's JUnit report to $passed and $failed, and shows each failed test with the end of its
# output. In the report, "run" is the status of a passed test. A test that ended with its SKIP_RETURN_CODE is shown and not counted;
# any other one that did not run has failed.
count() {
    local tests=0 good=0 absent=0
    if [[ -f $1 ]]; then
        tests=$(grep -c '^[[:space:]]*<testcase ' "$1" || true)
        good=$(grep -c '^[[:space:]]*<testcase .* status="run">' "$1" || true)
        absent=$(grep -c '<skipped message="SKIP_RETURN_CODE=' "$1" || true)
        awk -f "$root/scripts/lib/failures.awk" "$1"
    fi
    printf '  %d of %d tests passed\n' "$good" $((tests - absent))
    passed=$((passed + good))
    # A report without tests is a failure.
    failed=$((failed + (tests == 0 ? 1 : tests - absent - good)))
}
