# SPDX-License-Identifier: MIT
# All third-party libraries, one target each. All are Debian packages on bookworm and trixie; docs/decisions gives the reasons.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(tomlplusplus 3.3 REQUIRED)
find_package(PahoMqttCpp 1.2 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(tl-expected REQUIRED)
pkg_check_modules(GPIOD REQUIRED IMPORTED_TARGET libgpiodcxx)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)

find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
add_library(edge_asio INTERFACE)
target_include_directories(edge_asio SYSTEM INTERFACE "${ASIO_INCLUDE_DIR}")
target_link_libraries(edge_asio INTERFACE Threads::Threads)
# Its memory fences serve handlers that move between threads; ours never do, and ThreadSanitizer does not support fences.
target_compile_definitions(edge_asio INTERFACE ASIO_DISABLE_FENCED_BLOCK)

if(EDGE_CAMERA)
  pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
  # libopencv-core-dev and -imgproc-dev have no CMake package; libopencv-dev has one, and 214 dependencies.
  find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
  find_library(OPENCV_CORE opencv_core REQUIRED)
  find_library(OPENCV_IMGPROC opencv_imgproc REQUIRED)
  add_library(edge_opencv INTERFACE)
  target_include_directories(edge_opencv SYSTEM INTERFACE "${OPENCV_INCLUDE_DIR}")
  target_link_libraries(edge_opencv INTERFACE "${OPENCV_IMGPROC}" "${OPENCV_CORE}")
  if(EDGE_LIBCAMERA)
    pkg_check_modules(LIBCAMERA REQUIRED IMPORTED_TARGET libcamera)
  endif()
endif()

if(BUILD_TESTING)
  find_package(GTest 1.12 REQUIRED)
  include(GoogleTest)
  if(EDGE_CAMERA)
    pkg_check_modules(EXIF REQUIRED IMPORTED_TARGET libexif)  # reads what image/jpeg/exif.cpp writes
  endif()
endif()
