# SPDX-License-Identifier: MIT
# What Debian compiles its own packages with (dpkg-buildflags(1)), so that a bug ends the program instead of being exploited. For
# builds to install only: sanitizers have checks of their own, and a distribution (CMAKE_BUILD_TYPE=None) has flags of its own.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
set(installed $<CONFIG:Release,RelWithDebInfo,MinSizeRel>)

set(hardening -fstack-protector-strong -fstack-clash-protection)
foreach(flag -fcf-protection -mbranch-protection=standard)  # x86, arm64
  string(MAKE_C_IDENTIFIER "EDGE_HAS${flag}" known)
  check_cxx_compiler_flag(${flag} ${known})
  if(${known})
    list(APPEND hardening ${flag})
  endif()
endforeach()
# CXXFLAGS or the compiler may define it already, with a higher level; a second definition would be a warning.
set(CMAKE_REQUIRED_FLAGS -O2)
check_cxx_source_compiles("#ifndef _FORTIFY_SOURCE\n#error\n#endif\nint main() {}" EDGE_HAS_FORTIFY_SOURCE)
unset(CMAKE_REQUIRED_FLAGS)
if(NOT EDGE_HAS_FORTIFY_SOURCE)
  list(APPEND hardening -D_FORTIFY_SOURCE=2)
endif()

# Unused functions of header-only libraries (JSON, command line, configuration) are dropped at the link.
set(smaller -ffunction-sections -fdata-sections -fvisibility-inlines-hidden)
target_compile_options(edge_options INTERFACE "$<${installed}:${hardening};${smaller}>")
target_link_options(edge_options INTERFACE "$<${installed}:-Wl,-z,relro,-z,now;-Wl,--gc-sections>")
