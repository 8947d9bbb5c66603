# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced, after common.sh, by the scripts that need the packages.

: "${root:?}"
packages=$root/build/release/packages
export packages

# buildPackages VIEWER: pi-edge-agent_*.deb and pi-edge-camera_*.deb, of the sources as they are, in $packages; with the viewer's page ("" = none),
# pi-edge-viewer_*.deb as well.
buildPackages() {
    step "Configuring the release" release-configure cmake --preset release -DCMAKE_INSTALL_PREFIX=/usr -DEDGE_VIEWER="${1:-}" ||
        fail "CMake could not configure the build" "The message above says what is missing." \
            "build/release can be deleted at any time."
    step "Building both programs (minutes on a Pi)" release-build \
        cmake --build --preset release --parallel "$(compilers)" ||
        fail "the programs could not be built" "Where the compiler was killed, memory ran out: close programs, or add swap."
    rm -rf "$packages"
    step "Making the packages" release-package cpack --config build/release/CPackConfig.cmake ||
        fail "the packages could not be made" "The whole output is in build/logs/release-package.log."
}
