# SPDX-License-Identifier: MIT
# What is installed beside the programs. Each component becomes a Debian package (Packaging.cmake), except "configuration":
# a package leaves /etc to ucf.

install(TARGETS pi-edge-agent RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT agent)
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT agent
  FILES_MATCHING PATTERN "*.md" PATTERN decisions EXCLUDE PATTERN images EXCLUDE PATTERN man EXCLUDE)
install(DIRECTORY config/mosquitto DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples" USE_SOURCE_PERMISSIONS COMPONENT agent)
install(FILES docs/man/pi-edge-agent.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT agent)
install(FILES docs/man/pi-edge-agent.bash DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
  RENAME pi-edge-agent COMPONENT agent)

# The service takes pictures through systemd's socket, everything else through a child process: that one line is the difference
# from config/agent.toml.
set(template "${PROJECT_SOURCE_DIR}/config/agent.toml")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${template}")
file(READ "${template}" original)
string(REGEX REPLACE "\n#socket = \"\"[^\n]*\n"
  "\nsocket = \"/run/pi-edge-agent/camera.sock\"  # of pi-edge-camera.socket; \"\" = the agent starts pi-edge-camera itself\n"
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

# edgeUnits(COMPONENT UNIT…): units, users and udev rules of one package. systemd and udev read lib below /usr and /usr/local,
# which does not follow the library directory of the architecture.
function(edgeUnits component)
  foreach(unit ${ARGN})
    if(EXISTS "${PROJECT_SOURCE_DIR}/systemd/${unit}.in")
      configure_file("systemd/${unit}.in" "install/${unit}" @ONLY)
    else()
      configure_file("systemd/${unit}" "install/${unit}" COPYONLY)
    endif()
    install(FILES "${PROJECT_BINARY_DIR}/install/${unit}" DESTINATION lib/systemd/system COMPONENT ${component})
  endforeach()
  install(FILES systemd/pi-edge-${component}.sysusers DESTINATION lib/sysusers.d RENAME pi-edge-${component}.conf
    COMPONENT ${component})
  install(FILES systemd/60-pi-edge-${component}.rules DESTINATION lib/udev/rules.d COMPONENT ${component})
endfunction()

edgeUnits(agent pi-edge-agent.service)
if(EDGE_CAMERA)
  edgeUnits(camera pi-edge-camera.service pi-edge-camera.socket)
endif()

if(EDGE_VIEWER)
  install(FILES "${EDGE_VIEWER}" DESTINATION "${CMAKE_INSTALL_DATADIR}/pi-edge-viewer" RENAME index.html COMPONENT viewer)
  install(FILES config/mosquitto/classroom-viewer.conf config/mosquitto/tls-viewer.conf
    DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/pi-edge-viewer/examples" COMPONENT viewer)
endif()
