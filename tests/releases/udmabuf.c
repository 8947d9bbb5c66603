// SPDX-License-Identifier: MIT
// To be preloaded where the kernel has no /dev/udmabuf, from which libcamera's virtual camera takes its buffers: in place of a
// buffer made from a file in memory, it gets that file, which can be mapped just as well.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static int openOrFake(const char* call, const char* path, int flags, mode_t mode) {
    int (*next)(const char*, int, ...) = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, call);
    if (strcmp(path, "/dev/udmabuf") == 0) return memfd_create("udmabuf", MFD_CLOEXEC);
    return next(path, flags, mode);
}

#define OPEN(name)                                       \
    int name(const char* path, int flags, ...) {         \
        va_list rest;                                    \
        va_start(rest, flags);                           \
        const mode_t mode = va_arg(rest, mode_t);        \
        va_end(rest);                                    \
        return openOrFake(#name, path, flags, mode);     \
    }
OPEN(open)
OPEN(open64)

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void* argument = va_arg(rest, void*);
    va_end(rest);
    if (request == UDMABUF_CREATE) return fcntl((int)((struct udmabuf_create*)argument)->memfd, F_DUPFD_CLOEXEC, 0);
    int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    const int result = next(fd, request, argument);
    return result < 0 && request == DMA_BUF_IOCTL_SYNC && errno == ENOTTY ? 0 : result;
}
