# SPDX-License-Identifier: MIT
# What Debian's own packages are compiled with, so that a mistake ends a program instead of giving it away (dpkg-buildflags(1)).
# For what is installed only: sanitizers have their own.
include(CheckCXXCompilerFlag)
set(hardening -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2)
foreach(flag -fcf-protection -mbranch-protection=standard)  # x86, arm64
  string(MAKE_C_IDENTIFIER "EDGE_HAS${flag}" known)
  check_cxx_compiler_flag(${flag} ${known})
  if(${known})
    list(APPEND hardening ${flag})
  endif()
endforeach()
target_compile_options(edge_options INTERFACE "$<$<CONFIG:Release>:${hardening}>")
target_link_options(edge_options INTERFACE $<$<CONFIG:Release>:-Wl,-z,relro,-z,now>)
# What no one calls is left out: the headers of JSON, command line and configuration bring much of that.
target_compile_options(edge_options INTERFACE
  "$<$<CONFIG:Release>:-ffunction-sections;-fdata-sections;-fvisibility-inlines-hidden>")
target_link_options(edge_options INTERFACE $<$<CONFIG:Release>:-Wl,--gc-sections>)
