#include "lg_demangle.h"

// Exported by libswiftCore for its own backtraces. Weak: not promised to stay.
extern char *lg_swift_demangle(const char *mangled, size_t length, char *buffer, size_t *size) __asm__(
    "_swift_backtrace_demangle") __attribute__((weak));

char *lg_demangle(const char *mangled, size_t length) {
    if (&lg_swift_demangle == NULL) return NULL;
    return lg_swift_demangle(mangled, length, NULL, NULL);
}
