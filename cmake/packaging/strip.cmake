# SPDX-License-Identifier: MIT
# Run by CPack before it packs: strips the programs as Debian's dh_strip does. CPACK_STRIP_FILES leaves more behind.
file(GLOB_RECURSE files LIST_DIRECTORIES false "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/bin/*"
  "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/lib*/*")
foreach(file IN LISTS files)
  file(READ "${file}" magic LIMIT 4 HEX)
  if(magic STREQUAL "7f454c46")
    execute_process(COMMAND "${CPACK_STRIP}" --strip-unneeded --remove-section=.comment --remove-section=.note "${file}"
      COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
