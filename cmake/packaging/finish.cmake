# SPDX-License-Identifier: MIT
# CPack runs this before it packs: strips the programs as dh_strip does (CPACK_STRIP_FILES leaves more behind), and compresses the
# manual page and the changelog as dh_compress does.
file(GLOB_RECURSE programs LIST_DIRECTORIES false "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/bin/*"
  "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/lib*/*")
foreach(file IN LISTS programs)
  file(READ "${file}" magic LIMIT 4 HEX)
  if(magic STREQUAL "7f454c46")
    execute_process(COMMAND "${CPACK_STRIP}" --strip-unneeded --remove-section=.comment --remove-section=.note "${file}"
      COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()

file(GLOB_RECURSE texts LIST_DIRECTORIES false "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/man/*.1"
  "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/doc/*/changelog")
foreach(file IN LISTS texts)
  execute_process(COMMAND gzip --best --no-name "${file}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
