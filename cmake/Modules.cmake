# SPDX-License-Identifier: MIT
# edge_module(NAME [SOURCES a.cpp …] [EXCEPT b.cpp …] [LINK lib …] [PRIVATE lib …]): one folder under agent/ is one static library
# edge_NAME, from every *.cpp in and below it, without those of EXCEPT, or from SOURCES alone.
function(edge_module name)
  cmake_parse_arguments(MODULE "" "" "SOURCES;EXCEPT;LINK;PRIVATE" ${ARGN})
  if(NOT MODULE_SOURCES)
    file(GLOB_RECURSE MODULE_SOURCES RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" CONFIGURE_DEPENDS "*.cpp")
    list(REMOVE_ITEM MODULE_SOURCES ${MODULE_EXCEPT})
  endif()
  add_library(edge_${name} STATIC ${MODULE_SOURCES})
  target_link_libraries(edge_${name} PUBLIC edge_options ${MODULE_LINK} PRIVATE ${MODULE_PRIVATE})
endfunction()

# edge_unit_test(MODULE [SOURCES helper.cpp …] [LINK lib …]): the test program edge_MODULE_test, from every *_test.cpp in and below
# this folder.
function(edge_unit_test module)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINK" ${ARGN})
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS "*_test.cpp")
  add_executable(edge_${module}_test ${tests} ${TEST_SOURCES})
  target_link_libraries(edge_${module}_test PRIVATE edge_options ${TEST_LINK} GTest::gtest GTest::gtest_main)
  target_include_directories(edge_${module}_test PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(edge_${module}_test PRIVATE EDGE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(edge_${module}_test TEST_PREFIX "${module}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()

# edge_beside_modules(TARGET): a program that loads modules (core/system/shared_module.hpp) finds them beside itself.
function(edge_beside_modules target)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endfunction()
