# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by scripts/check: which files there are.

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
export ROOT

# die MESSAGE: the check cannot do its work.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

# need PROGRAM: ends the script where PROGRAM, whose package is called the same, is missing.
need() {
    command -v "$1" >/dev/null || die "$1 is missing; install it: sudo apt install $1"
}

# project_files PATTERN…: the files of the project (known to git or new, not ignored), relative to its root.
project_files() {
    git -C "$ROOT" ls-files --cached --others --exclude-standard -- "$@" | sort -u | while IFS= read -r file; do
        if [[ -f $ROOT/$file ]]; then printf '%s\n' "$file"; fi
    done
}

# shell_scripts: those of the project's files that a shell runs or sources.
shell_scripts() {
    project_files 'scripts/*' 'tests/*' '.ci/*' 'debian/*' '*.sh' | while IFS= read -r file; do
        if [[ $file == *.sh ]] || head -n 1 -- "$ROOT/$file" | grep -aqE '^#!.*\b(ba|da)?sh\b'; then printf '%s\n' "$file"; fi
    done
}
