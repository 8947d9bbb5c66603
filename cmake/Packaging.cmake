# SPDX-License-Identifier: MIT
# The Debian packages: `cpack` in the build directory writes them to packages/. pi-edge-agent talks to the broker;
# pi-edge-camera owns the camera and brings libcamera and OpenCV with it; pi-edge-viewer is a web page for the machine of the
# broker.

# A package's files are below /usr, and their paths are compiled in.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  message(STATUS "Debian packages: none, because CMAKE_INSTALL_PREFIX is not /usr (scripts/install sets it)")
  return()
endif()

# A package belongs to one release of Debian, whose libraries it is built against; the next release's has a higher version.
cmake_host_system_information(RESULT release QUERY DISTRIB_VERSION_ID)
set(CPACK_DEBIAN_PACKAGE_VERSION "${PROJECT_VERSION}+deb${release}")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP "${CMAKE_STRIP}")
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/packaging/finish.cmake")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL agent)
if(EDGE_CAMERA)
  list(APPEND CPACK_COMPONENTS_ALL camera)
endif()
if(EDGE_VIEWER)
  list(APPEND CPACK_COMPONENTS_ALL viewer)
endif()
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The pi-edge-agent authors <pi-edge-agent@localhost>")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# Debian 12 and 13 have incompatible Paho C++ libraries under one package name and soname: only the minor version that this
# was built against will do.
math(EXPR pahoNextMinor "${PahoMqttCpp_VERSION_MINOR} + 1")
set(paho "libpaho-mqttpp3-1 (<< ${PahoMqttCpp_VERSION_MAJOR}.${pahoNextMinor}~)")

# edgePackageFiles(COMPONENT): what every package contains beside the programs.
function(edgePackageFiles component)
  set(control "${PROJECT_SOURCE_DIR}/cmake/packaging/${component}")
  set(copyright "${PROJECT_SOURCE_DIR}/cmake/packaging/copyright")
  if(component STREQUAL viewer)  # built together with the page: lists the libraries in it too
    get_filename_component(page "${EDGE_VIEWER}" ABSOLUTE BASE_DIR "${PROJECT_SOURCE_DIR}")
    get_filename_component(folder "${page}" DIRECTORY)
    set(copyright "${folder}/copyright")
  endif()
  install(FILES "${copyright}" "${PROJECT_BINARY_DIR}/packaging/changelog"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/pi-edge-${component}" COMPONENT ${component})
  # An override that a release's lintian does not know is an error there.
  file(READ "${control}/lintian-overrides" overrides)
  if(EXISTS "${control}/lintian-overrides-${release}")
    file(READ "${control}/lintian-overrides-${release}" ofRelease)
    string(APPEND overrides "${ofRelease}")
  endif()
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/packaging/overrides-${component}" CONTENT "${overrides}" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/packaging/overrides-${component}"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/lintian/overrides" RENAME pi-edge-${component} COMPONENT ${component})
endfunction()

# edgePackage(COMPONENT DEPENDS TEXT): the package pi-edge-COMPONENT.
macro(edgePackage component depends text)
  string(TOUPPER "${component}" _upper)
  set(CPACK_DEBIAN_${_upper}_PACKAGE_NAME pi-edge-${component})
  set(CPACK_DEBIAN_${_upper}_PACKAGE_DEPENDS "${depends}")
  set(CPACK_DEBIAN_${_upper}_DESCRIPTION "${text}")
  set(_control "${PROJECT_SOURCE_DIR}/cmake/packaging/${component}")
  set(CPACK_DEBIAN_${_upper}_PACKAGE_CONTROL_EXTRA "${_control}/postinst;${_control}/prerm;${_control}/postrm")
  edgePackageFiles(${component})
endmacro()

configure_file(cmake/packaging/changelog.in "${PROJECT_BINARY_DIR}/packaging/changelog" @ONLY)

edgePackage(agent "init-system-helpers (>= 1.52), libsystemd0, passwd, systemd, ucf, ${paho}"
"Publishes temperature readings and pictures to an MQTT broker, answers
commands, and drives GPIO lines. Readings that are taken while the broker is
away are kept and delivered later. Pictures need pi-edge-camera.")
set(CPACK_DEBIAN_AGENT_PACKAGE_RECOMMENDS "pi-edge-camera (= ${CPACK_DEBIAN_PACKAGE_VERSION})")
set(CPACK_DEBIAN_AGENT_PACKAGE_SUGGESTS "mosquitto, mosquitto-clients")
edgePackage(camera
  "init-system-helpers (>= 1.52), libcamera-ipa, passwd, pi-edge-agent (= ${CPACK_DEBIAN_PACKAGE_VERSION}), systemd"
"Takes the pictures that pi-edge-agent publishes, from a camera that libcamera
supports, in a process of its own: without network, started on demand, and
gone when idle.")
if(EDGE_VIEWER)
  set(CPACK_DEBIAN_VIEWER_PACKAGE_NAME pi-edge-viewer)
  set(CPACK_DEBIAN_VIEWER_PACKAGE_ARCHITECTURE all)
  set(CPACK_DEBIAN_VIEWER_PACKAGE_SHLIBDEPS OFF)
  set(CPACK_DEBIAN_VIEWER_PACKAGE_SUGGESTS mosquitto)
  set(CPACK_DEBIAN_VIEWER_DESCRIPTION
"Shows readings and pictures of every pi-edge-agent on a broker in a browser,
and sends them commands: one page, which a broker with websockets can serve
itself.")
  edgePackageFiles(viewer)
endif()
include(CPack)
