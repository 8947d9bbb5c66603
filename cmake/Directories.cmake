# SPDX-License-Identifier: MIT
# Where files are installed: GNUInstallDirs, and /etc for /usr/local too, where the documentation looks for the configuration.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr/local")
  set(CMAKE_INSTALL_SYSCONFDIR /etc CACHE PATH "Directory of the configuration")
endif()
include(GNUInstallDirs)
set(EDGE_CONFIG_FILE "${CMAKE_INSTALL_FULL_SYSCONFDIR}/pi-edge-agent/agent.toml")

# Programs and units name the configured directories, so installing to others would give a service that does not start.
install(CODE "
  if(NOT CMAKE_INSTALL_PREFIX STREQUAL \"${CMAKE_INSTALL_PREFIX}\")
    message(FATAL_ERROR \"cannot install to \${CMAKE_INSTALL_PREFIX}: the build is configured for ${CMAKE_INSTALL_PREFIX}; \"
      \"configure again with -DCMAKE_INSTALL_PREFIX=\${CMAKE_INSTALL_PREFIX}, or set DESTDIR to install below another root\")
  endif()" COMPONENT configuration)
