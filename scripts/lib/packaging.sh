# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after common.sh by scripts that build the Debian packages.

: "${root:?}"
packages=$root/build/packages/here
export packages

# copySources FOLDER: copies the project to FOLDER; its build directory is kept.
copySources() {
    mkdir -p "$1"
    find "$1" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
    tar --create --exclude-vcs --exclude=./build --exclude=./.cache --exclude=node_modules --exclude=__pycache__ . |
        tar --extract --no-same-owner --directory "$1"
}

# nameRelease FOLDER [ROOT]: gives the packages of the sources in FOLDER a version of the Debian in ROOT (1.2.3+deb12): they belong to
# its libraries, and the next release's have a higher version.
nameRelease() {
    local release
    release=$(sed -n 's/^VERSION_ID="\([0-9]*\)".*/\1/p' "${2:-}/etc/os-release")
    sed -i "1s/([^)]*/&+deb$release/" "$1/debian/changelog"
}

# buildPackages VIEWER: builds the packages for this machine in $packages, without debug symbols; pi-edge-camera unless $camera is
# "no", pi-edge-viewer if VIEWER is yes (scripts/clients/viewer/build has made its page).
buildPackages() {
    local profiles=nocheck
    [[ ${camera:-yes} == yes ]] || profiles+=,pkg.pi-edge-agent.nocamera
    [[ $1 == yes ]] || profiles+=,pkg.pi-edge-agent.noviewer
    rm -f "$packages"/*.{deb,buildinfo,changes}
    copySources "$packages/source"
    [[ $1 != yes ]] || install -D --mode=644 --target-directory="$packages/source/build/viewer" build/viewer/index.html build/viewer/copyright
    nameRelease "$packages/source"
    step "Building the packages (minutes on a Pi)" package-build \
        env --chdir="$packages/source" DEB_BUILD_OPTIONS="noautodbgsym parallel=$(compilers)" DEB_CFLAGS_STRIP=-g DEB_CXXFLAGS_STRIP=-g \
        dpkg-buildpackage --build=binary --no-sign --no-pre-clean --build-profiles="$profiles" ||
        fail "the build failed" "If the compiler was killed, memory ran out: close programs or add swap." \
            "$packages can be deleted at any time."
}
