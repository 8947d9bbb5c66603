# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after common.sh by scripts that need the packages.

: "${root:?}"
packages=$root/build/release/packages
export packages

# buildPackages VIEWER: builds pi-edge-agent_*.deb and pi-edge-camera_*.deb in $packages, and pi-edge-viewer_*.deb if VIEWER is the
# viewer's page ("" = none).
buildPackages() {
    step "Configuring the release" release-configure cmake --preset release -DCMAKE_INSTALL_PREFIX=/usr -DEDGE_VIEWER="${1:-}" ||
        fail "CMake could not configure the build" "The message above names what is missing." \
            "build/release can be deleted at any time."
    step "Building both programs (minutes on a Pi)" release-build \
        cmake --build --preset release --parallel "$(compilers)" ||
        fail "the build failed" "If the compiler was killed, memory ran out: close programs or add swap."
    rm -rf "$packages"
    step "Building the packages" release-package cpack --config build/release/CPackConfig.cmake ||
        fail "CPack could not build the packages" "Full output: build/logs/release-package.log"
}
