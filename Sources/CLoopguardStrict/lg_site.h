// Counts calls by where they were made: exactly, in a table of fixed size, without locks.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// Return addresses that tell sites apart.
#define LG_SITE_FRAMES 8

typedef struct lg_site {
    _Atomic uint64_t key; // 0 = free
    _Atomic uint64_t calls;
    _Atomic uint64_t total_ns;
} lg_site;

typedef struct lg_site_table {
    lg_site *entries;
    uint64_t capacity; // a power of two; the last entry is for all sites that find no room
    _Atomic uint64_t used;
} lg_site_table;

/// A call's place in its site's history.
typedef struct lg_site_turn {
    uint64_t calls;    // this one included
    uint64_t total_ns; // of those that have ended
    bool isDue;        // to be reported in full
} lg_site_turn;

// Follows the frame pointers, which Swift and C code of SwiftPM packages keep. Where a function does not, rbp may hold
// anything: the walk then ends, or takes in a stray word, and one site counts as several.
static inline uint64_t lg_site_key(int call, const void *frame, uintptr_t low, uintptr_t high) {
    uint64_t hash = 0xcbf29ce484222325ull ^ (uint64_t)call;
    uintptr_t at = (uintptr_t)frame;
    for (int i = 0; i < LG_SITE_FRAMES; i++) {
        if (at < low || at % 8 != 0 || at > high - 16) break;
        const uintptr_t *words = (const uintptr_t *)at;
        hash = (hash ^ words[1]) * 0x100000001b3ull;
        hash ^= hash >> 29;
        if (words[0] <= at) break;
        at = words[0];
    }
    return hash ? hash : 1;
}

static inline lg_site *lg_site_find(lg_site_table *table, int call, const void *frame, uintptr_t low, uintptr_t high) {
    uint64_t key = lg_site_key(call, frame, low, high);
    for (uint64_t i = 0; i < 32; i++) {
        uint64_t index = (key + i) & (table->capacity - 1);
        if (index == table->capacity - 1) continue;
        lg_site *site = &table->entries[index];
        uint64_t found = atomic_load_explicit(&site->key, memory_order_relaxed);
        if (found == key) return site;
        if (found != 0) continue;
        if (atomic_compare_exchange_strong_explicit(&site->key, &found, key, memory_order_relaxed,
                                                    memory_order_relaxed)) {
            atomic_fetch_add_explicit(&table->used, 1, memory_order_relaxed);
            return site;
        }
        if (found == key) return site;
    }
    return &table->entries[table->capacity - 1];
}

static inline lg_site_turn lg_site_count(lg_site *site, uint64_t burst) {
    uint64_t n = atomic_fetch_add_explicit(&site->calls, 1, memory_order_relaxed) + 1;
    return (lg_site_turn){.calls = n,
                          .total_ns = atomic_load_explicit(&site->total_ns, memory_order_relaxed),
                          .isDue = n <= burst || (n & (n - 1)) == 0};
}

static inline void lg_site_end(lg_site *site, uint64_t duration_ns) {
    atomic_fetch_add_explicit(&site->total_ns, duration_ns, memory_order_relaxed);
}
