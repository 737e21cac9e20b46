#define _GNU_SOURCE
#include "lg_module.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lg_memory.h"

// Declared here, not taken from <dlfcn.h>, so that the file compiles with an older glibc too. dl_iterate_phdr takes the
// loader's lock, which the stalled thread may hold: a watchdog must not wait for it (research/spike-runtime.md §3).
struct find_object_result {
    unsigned long long flags;
    void *map_start;
    void *map_end;
    struct link_map *map;
    void *eh_frame;
    unsigned long long reserved[7];
};
extern int lg_dl_find_object(void *address, struct find_object_result *result) __asm__("_dl_find_object")
    __attribute__((weak));

bool lg_module_is_lock_free(void) { return &lg_dl_find_object != NULL; }

#define TABLE_CAPACITY 512
static lg_module *table;
static _Atomic int table_count;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static int add_to_table(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    int n = atomic_load_explicit(&table_count, memory_order_relaxed);
    if (n >= TABLE_CAPACITY) return 1;
    lg_module m = {.bias = info->dlpi_addr, .start = UINT64_MAX};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uint64_t low = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD) {
            if (low < m.start) m.start = low;
            if (low + p->p_memsz > m.end) m.end = low + p->p_memsz;
        }
        if (p->p_type == PT_GNU_EH_FRAME) m.eh_frame_hdr = low;
    }
    m.name = (uint64_t)(uintptr_t)info->dlpi_name;
    if (m.start >= m.end) return 0;
    table[n] = m;
    atomic_store_explicit(&table_count, n + 1, memory_order_release);
    return 0;
}

static void fill_table(void) {
    table = calloc(TABLE_CAPACITY, sizeof *table);
    if (table) dl_iterate_phdr(add_to_table, NULL);
}

void lg_module_prepare(void) {
    if (!lg_module_is_lock_free()) pthread_once(&table_once, fill_table);
}

bool lg_module_find(uint64_t address, lg_module *out) {
    if (lg_module_is_lock_free()) {
        struct find_object_result r;
        if (lg_dl_find_object((void *)(uintptr_t)address, &r) != 0) return false;
        out->start = (uint64_t)(uintptr_t)r.map_start;
        out->end = (uint64_t)(uintptr_t)r.map_end;
        out->eh_frame_hdr = (uint64_t)(uintptr_t)r.eh_frame;
        // The map may be gone by now (dlclose on another thread).
        struct link_map map;
        if (lg_read_memory((uint64_t)(uintptr_t)r.map, &map, sizeof map) != sizeof map) return false;
        out->bias = map.l_addr;
        out->name = (uint64_t)(uintptr_t)map.l_name;
        return true;
    }
    int n = atomic_load_explicit(&table_count, memory_order_acquire);
    for (int i = 0; i < n; i++) {
        if (address >= table[i].start && address < table[i].end) {
            *out = table[i];
            return true;
        }
    }
    return false;
}

// Finds the GNU build-id among the notes of a segment. Notes are 4-byte aligned triples: sizes and type, name, content.
static size_t build_id_in(const uint8_t *notes, size_t length, uint8_t *buffer, size_t size) {
    size_t at = 0;
    while (length - at >= 12) {
        uint32_t sizes[3];
        memcpy(sizes, notes + at, sizeof sizes);
        size_t name = ((size_t)sizes[0] + 3) & ~(size_t)3;
        size_t content = ((size_t)sizes[1] + 3) & ~(size_t)3;
        at += sizeof sizes;
        if (name > length - at || content > length - at - name) return 0;
        if (sizes[2] == NT_GNU_BUILD_ID && sizes[0] == 4 && memcmp(notes + at, "GNU", 4) == 0) {
            if (sizes[1] > size) return 0;
            memcpy(buffer, notes + at + name, sizes[1]);
            return sizes[1];
        }
        at += name + content;
    }
    return 0;
}

size_t lg_module_build_id(const lg_module *module, uint8_t *buffer, size_t size) {
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[32];
    uint8_t notes[1024];
    if (lg_read_memory(module->start, &header, sizeof header) != sizeof header ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof segments[0])
        return 0;
    size_t count = header.e_phnum < 32 ? header.e_phnum : 32;
    if (header.e_phoff > module->end - module->start ||
        lg_read_memory(module->start + header.e_phoff, segments, count * sizeof segments[0]) !=
            count * sizeof segments[0])
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (segments[i].p_type != PT_NOTE) continue;
        size_t length = segments[i].p_memsz < sizeof notes ? segments[i].p_memsz : sizeof notes;
        length = lg_read_memory(module->bias + segments[i].p_vaddr, notes, length);
        size_t found = length < 12 ? 0 : build_id_in(notes, length, buffer, size);
        if (found > 0) return found;
    }
    return 0;
}

bool lg_module_exported_symbol(uint64_t address, char *buffer, size_t size) {
    Dl_info info;
    if (size == 0 || dladdr((void *)(uintptr_t)address, &info) == 0 || !info.dli_sname) return false;
    strncpy(buffer, info.dli_sname, size - 1);
    buffer[size - 1] = 0;
    return true;
}

bool lg_module_name(const lg_module *module, char *buffer, size_t size) {
    if (size == 0) return false;
    buffer[0] = 0;
    if (module->name == 0) return false;
    size_t n = lg_read_memory(module->name, buffer, size);
    if (n == 0) return false;
    if (memchr(buffer, 0, n)) return true;
    buffer[n < size ? n : size - 1] = 0;
    return n < size;
}
