/* SPDX-License-Identifier: MIT
   Preloaded into Debian 12's ustreamer 4.9, which takes each line of an RGB24 frame from farther behind the frame than the line before,
   and crashes. The virtual camera has no other format that ustreamer takes. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

#include <jpeglib.h>

typedef JDIMENSION Write(j_compress_ptr, JSAMPARRAY, JDIMENSION);

JDIMENSION jpeg_write_scanlines(j_compress_ptr jpeg, JSAMPARRAY lines, JDIMENSION count) {
    static _Thread_local JSAMPROW frame;
    static Write* write;
    JSAMPROW line;
    if (!write) write = (Write*)dlsym(RTLD_NEXT, "jpeg_write_scanlines");
    if (jpeg->next_scanline == 0) frame = lines[0];
    line = frame + (size_t)jpeg->next_scanline * jpeg->image_width * (size_t)jpeg->input_components;
    return write(jpeg, &line, count);
}
