# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after common.sh by scripts that build in a chroot of another release or architecture.

: "${root:?}"

# makeChroot RELEASE ARCHITECTURES OUT PACKAGE…: makes a Debian with these packages. $sources has further lines for its sources.list,
# $backports the packages that come from the release's backports.
makeChroot() {
    local release=$1 architectures=$2 out=$3 list proxy
    shift 3
    list=$(IFS=,; echo "$*")
    proxy=$(apt-config shell proxy Acquire::http::Proxy)
    eval "$proxy"
    { scripts/lib/apt-sources "$release" && printf '%s' "${sources:-}"; } |
        mmdebstrap --mode=root --variant=minbase --architectures="$architectures" \
            ${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} --aptopt='APT::Install-Recommends "false"' \
            --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
            ${backports:+--customize-hook="chroot \"\$1\" apt-get install --yes --no-install-recommends -t $release-backports $backports"} \
            --include="$list" "$release" "$out" -
}

# copySources CHROOT: copies the project (tracked by git or new) to the chroot's /build; its build directory is kept.
copySources() {
    mkdir -p "$1/build"
    find "$1/build" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
    git -c safe.directory="$root" ls-files -z --cached --others --exclude-standard |
        tar --create --null --files-from=- --ignore-failed-read 2>/dev/null | tar --extract --directory "$1/build"
}

# shareNpm CHROOT: gives npm in the chroot this machine's registry and certificate authorities.
shareNpm() {
    local authorities=/etc/ssl/certs/ca-certificates.crt
    command -v npm >/dev/null || return 0
    echo "registry=$(npm config get registry)" >"$1/root/.npmrc"
    [[ -e $authorities ]] || return 0
    install -D --mode=644 "$authorities" "$1$authorities"
    echo "cafile=$authorities" >>"$1/root/.npmrc"
}

# dependenciesOf GROUP…: prints the packages of these groups of packages.txt.
dependenciesOf() {
    local group
    for group in "$@"; do awk -v group="$group" '$1 == group { print $2 }' scripts/lib/packages.txt; done | sort -u
}
