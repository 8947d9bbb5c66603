# SPDX-License-Identifier: MIT
# Compiler options of every target; third-party headers are SYSTEM and exempt. Warnings are errors in the development presets only
# (CMAKE_COMPILE_WARNING_AS_ERROR), because other compilers have other warnings.
add_library(edge_options INTERFACE)
target_compile_options(edge_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough -fno-omit-frame-pointer)
target_include_directories(edge_options INTERFACE "${PROJECT_SOURCE_DIR}/agent")
target_compile_definitions(edge_options INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_options(edge_options INTERFACE -Wl,--as-needed)
if(EDGE_SANITIZE)
  target_compile_options(edge_options INTERFACE -fsanitize=${EDGE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(edge_options INTERFACE -fsanitize=${EDGE_SANITIZE})
  # GCC 12 reports false positives of these from inside instrumented standard-library code.
  target_compile_options(edge_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
