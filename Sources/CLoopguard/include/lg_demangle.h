// Names as people write them.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// The short form of a mangled Swift or C++ name (`helper(_:)`), from the Swift runtime. Null when the name is not mangled
/// or the runtime has no demangler. The caller frees it. Allocates: not for the watchdog or a signal handler.
char *_Nullable lg_demangle(const char *mangled, size_t length);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
