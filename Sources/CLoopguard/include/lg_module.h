// Which executable or shared library an address belongs to.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct lg_module {
    uint64_t start;        // first mapped address
    uint64_t end;          // one past the last
    uint64_t bias;         // load address minus the address in the file
    uint64_t eh_frame_hdr; // address of the binary search table of the unwind information, 0 = none
    uint64_t name;         // address of the file's name, a C string; may be unmapped by dlclose: read it fault-safely
} lg_module;

/// Finds the module of `address`. Lock-free where glibc has `_dl_find_object` (2.35 and later); otherwise it searches a
/// table that lg_module_prepare made, which does not know libraries loaded since. Any thread.
bool lg_module_find(uint64_t address, lg_module *out);

/// Copies the name of the module's file, "" for the executable itself. Returns false when it cannot be read. Any thread.
bool lg_module_name(const lg_module *module, char *buffer, size_t size);

/// Most bytes of a build-id.
#define LG_BUILD_ID_MAX 64

/// Copies the build-id as it lies in memory, which is that of the code that runs, whatever has become of the file. Returns
/// its length, 0 when there is none or it cannot be read. Lock-free, fault-safe. Any thread.
size_t lg_module_build_id(const lg_module *module, uint8_t *buffer, size_t size);

/// Copies the name of the exported symbol at or before `address`, as dladdr(3) finds it. Takes the loader's lock, so never
/// on a watchdog. Returns false when there is none.
bool lg_module_exported_symbol(uint64_t address, char *buffer, size_t size);

/// Whether `_dl_find_object` is there.
bool lg_module_is_lock_free(void);

/// Where `_dl_find_object` is missing: makes the table of modules, once. Takes the loader's lock, so call it at start
/// and never from a watchdog that runs.
void lg_module_prepare(void);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
