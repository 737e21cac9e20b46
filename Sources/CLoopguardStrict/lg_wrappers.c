#define _GNU_SOURCE
// The fortified inline versions of these functions would stand in the way of their definitions.
#undef _FORTIFY_SOURCE
#include "include/lg_strict.h"
#include "lg_wrappers.h"

extern const char *const __start_lg_symbols[] LG_HIDDEN;
extern const char *const __stop_lg_symbols[] LG_HIDDEN;

const char *const *lg_wrapped_symbols(size_t *count) {
    *count = (size_t)(__stop_lg_symbols - __start_lg_symbols);
    return __start_lg_symbols;
}
