#include "internal.h"

#include <dlfcn.h>
#include <link.h>
#include <unwind.h>

void acc_storm_malloc(void) {
    void *kept[64];
    for (size_t i = 0; i < 64; i++) kept[i] = malloc(16 + i * 97);
    for (size_t i = 0; i < 64; i++) free(kept[i]);
}

void acc_storm_dlopen(const char *library) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle) dlclose(handle);
}

static int see(struct dl_phdr_info *info, size_t size, void *argument) {
    (void)size;
    *(size_t *)argument += info->dlpi_phnum;
    return 0;
}

void acc_storm_phdr(void) {
    size_t count = 0;
    for (int i = 0; i < 16; i++) dl_iterate_phdr(see, &count);
    ACC_KEEP(count);
}

static void forget(_Unwind_Reason_Code code, struct _Unwind_Exception *exception) {
    (void)code;
    (void)exception;
}

__attribute__((noinline)) static void raise_at(int depth) {
    if (depth > 0) {
        raise_at(depth - 1);
        ACC_KEEP(depth);
        return;
    }
    struct _Unwind_Exception exception = {.exception_class = 0x4c4f4f5047554152, .exception_cleanup = forget};
    // Nobody catches it, so the search phase walks the whole stack and returns.
    _Unwind_RaiseException(&exception);
}

void acc_storm_unwind(void) { raise_at(16); }
