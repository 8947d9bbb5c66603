# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after common.sh by scripts that build in a chroot of another release or architecture.

: "${root:?}"

# makeChroot RELEASE ARCHITECTURES OUT PACKAGE…: makes a Debian with these packages. $sources has further lines for its sources.list,
# $backports the packages that come from the release's backports. $foreign is as-foreign if the first architecture is not this
# machine's.
makeChroot() {
    local release=$1 architectures=$2 out=$3 list proxy sourcesList
    shift 3
    list=$(IFS=,; echo "$*")
    proxy=$(apt-config shell proxy Acquire::http::Proxy)
    eval "$proxy"
    sourcesList=$out.list
    { scripts/lib/apt-sources "$release" && printf '%s' "${sources:-}"; } >"$sourcesList"
    ${foreign:+"$foreign"} mmdebstrap --mode=root --variant=minbase --skip=check/empty,check/qemu --architectures="$architectures" \
        ${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        ${backports:+--customize-hook="chroot \"\$1\" apt-get install --yes --no-install-recommends -t $release-backports $backports"} \
        --include="$list" "$release" "$out" "$sourcesList" &&
        rm "$sourcesList"
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

# librariesFor ARCH PACKAGE…: prints the packages with ":ARCH" if that is not amd64. Build tools stay native.
librariesFor() {
    local architecture=$1 package
    shift
    for package in "$@"; do
        case $package in
            g++ | cmake | ninja-build) ;;
            libasio-dev | libcli11-dev | libexpected-dev | nlohmann-json3-dev) echo "$package" ;; # the same files everywhere
            *) echo "$package$([[ $architecture == amd64 ]] || echo ":$architecture")" ;;
        esac
    done
}
