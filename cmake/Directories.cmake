# SPDX-License-Identifier: MIT
# Where files are installed.
include(GNUInstallDirs)

# The configuration is in /etc for /usr/local too, unless CMAKE_INSTALL_SYSCONFDIR is an absolute path: one place to document.
set(EDGE_CONFIG_FILE "${CMAKE_INSTALL_FULL_SYSCONFDIR}/pi-edge-agent/agent.toml")
if(EDGE_CONFIG_FILE STREQUAL "/usr/local/etc/pi-edge-agent/agent.toml" AND NOT IS_ABSOLUTE "${CMAKE_INSTALL_SYSCONFDIR}")
  set(EDGE_CONFIG_FILE /etc/pi-edge-agent/agent.toml)
endif()

# Programs and units name the configured directories, so installing to others would give a service that does not start.
string(REGEX REPLACE "/$" "" prefix "${CMAKE_INSTALL_PREFIX}")  # as CMake's own script does
install(CODE "
  if(NOT CMAKE_INSTALL_PREFIX STREQUAL \"${prefix}\")
    message(FATAL_ERROR \"cannot install to \${CMAKE_INSTALL_PREFIX}: the build is configured for ${CMAKE_INSTALL_PREFIX}; \"
      \"configure again with -DCMAKE_INSTALL_PREFIX=\${CMAKE_INSTALL_PREFIX}, or set DESTDIR to install below another root\")
  endif()" COMPONENT configuration)
