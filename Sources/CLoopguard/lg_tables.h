// What the unwinder may keep from one capture to the next: pages of modules that cannot be written to (code and unwind
// tables), and where in its table a function was found.
//
// Private to this target. One thread only.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lg_module.h"

typedef struct lg_tables lg_tables;

// The unwind table of a module.
typedef struct lg_table {
    lg_module module;
    uint64_t entries; // address of the sorted entries, 8 bytes each
    uint64_t count;   // 0 = none that can be used
} lg_table;

// Null without memory. Takes about 2 MiB, of which the kernel hands out what is used.
lg_tables *lg_tables_create(void);
void lg_tables_destroy(lg_tables *tables);

// Begins a capture. From now on each module must prove once more that it is still the one that pages are kept of.
void lg_tables_begin(lg_tables *tables);

// The module of `address` and its table; null when it lies in none. Valid until the next call.
const lg_table *lg_tables_find(lg_tables *tables, uint64_t address);

// The entry of the function that `address` may lie in: its index; -1 when there is none.
int64_t lg_tables_search(lg_tables *tables, const lg_table *table, uint64_t address);

// Copies bytes of the part of a module that cannot be written to. False when the address lies elsewhere, or in a module that
// was not asked for in this capture, or when the bytes cannot be read.
bool lg_tables_read(lg_tables *tables, uint64_t address, void *buffer, size_t length);
