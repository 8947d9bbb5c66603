# SPDX-License-Identifier: MIT
# What is installed beside the programs. Each component is a Debian package (debian/rules), except "configuration": a package
# leaves /etc to ucf.

install(TARGETS pi-edge-agent RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT agent)
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT agent
  FILES_MATCHING PATTERN "*.md" PATTERN decisions EXCLUDE PATTERN images EXCLUDE PATTERN man EXCLUDE)
install(DIRECTORY config/mosquitto DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples" USE_SOURCE_PERMISSIONS COMPONENT agent)
install(FILES docs/man/pi-edge-agent.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT agent)
install(FILES docs/man/agent.toml.5 DESTINATION "${CMAKE_INSTALL_MANDIR}/man5" COMPONENT agent)
install(FILES docs/man/pi-edge-agent.bash DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
  RENAME pi-edge-agent COMPONENT agent)

# The service takes pictures through systemd's socket, everything else through a child process: the file shows the default of
# the service, which is that one line's difference from config/agent.toml.
set(template "${PROJECT_SOURCE_DIR}/config/agent.toml")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${template}")
file(READ "${template}" original)
string(REGEX REPLACE "\n#socket = \"\"[^\n]*\n"
  "\n#socket = \"/run/pi-edge-agent/camera.sock\"  # of pi-edge-camera.socket; \"\" = the agent starts pi-edge-camera itself\n"
  configuration "${original}")
if(configuration STREQUAL original)
  message(FATAL_ERROR "config/agent.toml has no line '#socket = \"\"' in [camera], which the installed file replaces")
endif()
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/install/agent.toml" CONTENT "${configuration}" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/install/agent.toml" DESTINATION "${CMAKE_INSTALL_DATADIR}/pi-edge-agent" COMPONENT agent)
# The file in use: an existing one may have been edited, so it stays.
cmake_path(GET EDGE_CONFIG_FILE PARENT_PATH configurationFolder)
install(CODE "
  if(EXISTS \"\$ENV{DESTDIR}${EDGE_CONFIG_FILE}\")
    message(STATUS \"Kept: \$ENV{DESTDIR}${EDGE_CONFIG_FILE}\")
  else()
    file(INSTALL \"${PROJECT_BINARY_DIR}/install/agent.toml\" DESTINATION \"${configurationFolder}\")
  endif()
  file(MAKE_DIRECTORY \"\$ENV{DESTDIR}${configurationFolder}/agent.d\")" COMPONENT configuration)

# edgeUnits(COMPONENT TYPE…): units, users and udev rules of one package: a unit of each type for the service, and a template for
# further agents on one machine, as instanceOf() and what follows from it in agent/config/load.cpp expect them. systemd and udev
# read lib below /usr and /usr/local, which does not follow the library directory of the architecture.
function(edgeUnits component)
  foreach(type ${ARGN})
    set(template "systemd/pi-edge-${component}.${type}.in")
    set(EDGE_UNIT "")        # what follows the name of a unit of another program
    set(EDGE_FOLDER "")      # below the folders for configuration, state and sockets
    set(EDGE_DESCRIPTION "")
    set(EDGE_UNIT_CONFIG "${EDGE_CONFIG_FILE}")
    configure_file("${template}" "install/pi-edge-${component}.${type}" @ONLY)
    set(EDGE_UNIT "@%i")
    set(EDGE_FOLDER "/%i")
    set(EDGE_DESCRIPTION " (%i)")
    cmake_path(GET EDGE_CONFIG_FILE FILENAME name)
    set(EDGE_UNIT_CONFIG "${configurationFolder}/%i/${name}")
    configure_file("${template}" "install/pi-edge-${component}@.${type}" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/install/pi-edge-${component}.${type}"
      "${PROJECT_BINARY_DIR}/install/pi-edge-${component}@.${type}"
      DESTINATION lib/systemd/system COMPONENT ${component})
  endforeach()
  install(FILES systemd/pi-edge-${component}.sysusers DESTINATION lib/sysusers.d RENAME pi-edge-${component}.conf
    COMPONENT ${component})
  install(FILES systemd/60-pi-edge-${component}.rules DESTINATION lib/udev/rules.d COMPONENT ${component})
endfunction()

edgeUnits(agent service)
if(EDGE_CAMERA)
  edgeUnits(camera service socket)
endif()
