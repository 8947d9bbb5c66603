# SPDX-License-Identifier: MIT
# edge_room(NAME SOURCES a.cpp … [LINK lib …]): one folder under agent/ is one static library edge_NAME.
function(edge_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  add_library(edge_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(edge_${name} PUBLIC edge_options ${ROOM_LINK} PRIVATE ${ROOM_PRIVATE})
endfunction()

# edge_unit_test(ROOM SOURCES a_test.cpp … [LINK lib …]): one test program per room, edge_ROOM_test. Every *_test.cpp of
# the folder must be listed: a test file that CMake does not know would pass by never running.
function(edge_unit_test room)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINK" ${ARGN})
  file(GLOB present RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" CONFIGURE_DEPENDS "*_test.cpp")
  foreach(file ${present})
    if(NOT file IN_LIST TEST_SOURCES)
      message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}/${file} is not listed in edge_unit_test(${room} …)")
    endif()
  endforeach()
  add_executable(edge_${room}_test ${TEST_SOURCES})
  target_link_libraries(edge_${room}_test PRIVATE edge_options ${TEST_LINK} GTest::gtest GTest::gtest_main)
  target_include_directories(edge_${room}_test PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(edge_${room}_test PRIVATE EDGE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(edge_${room}_test TEST_PREFIX "${room}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()

# edge_beside_modules(TARGET): a program that loads modules (core/shared_module.hpp) finds them beside itself.
function(edge_beside_modules target)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endfunction()
