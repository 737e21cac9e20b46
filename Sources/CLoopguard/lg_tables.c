#define _GNU_SOURCE
#include "lg_tables.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "lg_memory.h"

#define MODULES 64
#define PAGE 4096
#define PAGE_BITS 9
#define FOUND_BITS 10
// The ELF header, the program headers and, with every linker we know, the build-id.
#define IDENTITY 2048

typedef struct known {
    lg_table table;
    uint64_t read_only_end; // pages from the module's start to here are kept
    uint64_t capture;       // the last one in which it proved its identity
    uint8_t identity[IDENTITY];
} known;

struct lg_tables {
    uint64_t capture;
    int count;
    int recent;
    known modules[MODULES];
    struct {
        uint64_t address; // 0 = empty; code is never there
        int64_t index;
    } found[1 << FOUND_BITS];
    uint64_t page[1 << PAGE_BITS]; // address / PAGE + 1, 0 = empty
    uint8_t data[1 << PAGE_BITS][PAGE];
};

// A binary search goes in steps of powers of two, which must not all fall on one place.
static size_t place(uint64_t number, int bits) { return (size_t)((number * 0x9e3779b97f4a7c15ull) >> (64 - bits)); }

lg_tables *lg_tables_create(void) { return calloc(1, sizeof(lg_tables)); }
void lg_tables_destroy(lg_tables *tables) { free(tables); }
void lg_tables_begin(lg_tables *t) { t->capture++; }

static void forget(lg_tables *t) {
    t->count = t->recent = 0;
    memset(t->found, 0, sizeof t->found);
    memset(t->page, 0, sizeof t->page);
}

static bool contains(const known *k, uint64_t address) {
    return address >= k->table.module.start && address < k->table.module.end;
}

static known *proven(lg_tables *t, uint64_t address) {
    if (t->count == 0) return NULL;
    known *recent = &t->modules[t->recent];
    if (recent->capture == t->capture && contains(recent, address)) return recent;
    for (int i = 0; i < t->count; i++) {
        if (t->modules[i].capture != t->capture || !contains(&t->modules[i], address)) continue;
        t->recent = i;
        return &t->modules[i];
    }
    return NULL;
}

// Where the first segment begins that can be written to; the module's start when its headers cannot be understood.
static uint64_t read_only_end(const lg_module *m, const uint8_t *identity) {
    Elf64_Ehdr header;
    memcpy(&header, identity, sizeof header);
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof(Elf64_Phdr) ||
        header.e_phoff > IDENTITY || header.e_phnum > (IDENTITY - header.e_phoff) / sizeof(Elf64_Phdr))
        return m->start;
    uint64_t end = m->end;
    for (int i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr p;
        memcpy(&p, identity + header.e_phoff + (size_t)i * sizeof p, sizeof p);
        // Code with relocations of its own was written to by the loader, which is over long since.
        if (p.p_type != PT_LOAD || !(p.p_flags & PF_W)) continue;
        uint64_t low = (m->bias + p.p_vaddr) / PAGE * PAGE;
        if (low < end) end = low;
    }
    return end < m->start ? m->start : end;
}

static bool copy(lg_tables *t, const known *k, uint64_t address, void *buffer, size_t length) {
    if (length == 0 || address < k->table.module.start || address > k->read_only_end ||
        length > k->read_only_end - address)
        return false;
    uint8_t *out = buffer;
    while (length > 0) {
        uint64_t number = address / PAGE;
        size_t offset = (size_t)(address % PAGE);
        size_t index = place(number, PAGE_BITS);
        if (t->page[index] != number + 1) {
            // What could not be read is not kept: it may be readable the next time.
            t->page[index] = 0;
            if (lg_read_memory(number * PAGE, t->data[index], PAGE) != PAGE) return false;
            t->page[index] = number + 1;
        }
        size_t part = PAGE - offset < length ? PAGE - offset : length;
        memcpy(out, t->data[index] + offset, part);
        out += part;
        address += part;
        length -= part;
    }
    return true;
}

static void read_header(lg_tables *t, known *k) {
    const lg_module *m = &k->table.module;
    struct {
        uint8_t version, eh_frame_encoding, count_encoding, table_encoding;
        uint32_t eh_frame, count;
    } header;
    k->table.count = 0;
    if (m->eh_frame_hdr == 0 || m->eh_frame_hdr >= m->end) return;
    if (!copy(t, k, m->eh_frame_hdr, &header, sizeof header) &&
        lg_read_memory(m->eh_frame_hdr, &header, sizeof header) != sizeof header)
        return;
    // What every linker writes: 4-byte fields (low nibble 3 or 11), the table relative to the header and sorted.
    if (header.version != 1 || (header.eh_frame_encoding & 7) != 3 || (header.count_encoding & 7) != 3 ||
        header.table_encoding != 0x3b || header.count > (m->end - m->eh_frame_hdr) / 8)
        return;
    k->table.entries = m->eh_frame_hdr + sizeof header;
    k->table.count = header.count;
}

static bool is_same(const lg_module *a, const lg_module *b) {
    return a->start == b->start && a->end == b->end && a->bias == b->bias && a->eh_frame_hdr == b->eh_frame_hdr;
}

const lg_table *lg_tables_find(lg_tables *t, uint64_t address) {
    known *k = proven(t, address);
    if (k) return &k->table;
    lg_module m;
    if (!lg_module_find(address, &m)) return NULL;
    uint8_t identity[IDENTITY];
    memset(identity, 0, sizeof identity);
    lg_read_memory(m.start, identity, m.end - m.start < IDENTITY ? (size_t)(m.end - m.start) : IDENTITY);
    for (int i = 0; i < t->count; i++) {
        k = &t->modules[i];
        if (k->table.module.end <= m.start || k->table.module.start >= m.end) continue;
        if (is_same(&k->table.module, &m) && memcmp(k->identity, identity, IDENTITY) == 0) {
            k->capture = t->capture;
            t->recent = i;
            // Its header could not be read before, perhaps.
            if (k->table.count == 0) read_header(t, k);
            return &k->table;
        }
        // Another library lies there by now.
        forget(t);
        break;
    }
    if (t->count == MODULES) forget(t);
    t->recent = t->count++;
    k = &t->modules[t->recent];
    memset(k, 0, sizeof *k);
    k->table.module = m;
    k->capture = t->capture;
    memcpy(k->identity, identity, IDENTITY);
    k->read_only_end = read_only_end(&m, identity);
    read_header(t, k);
    return &k->table;
}

static bool read_start(lg_tables *t, uint64_t address, int32_t *start) {
    return lg_tables_read(t, address, start, sizeof *start) ||
           lg_read_memory(address, start, sizeof *start) == sizeof *start;
}

int64_t lg_tables_search(lg_tables *t, const lg_table *table, uint64_t address) {
    if (table->count == 0) return -1;
    size_t where = place(address, FOUND_BITS);
    if (t->found[where].address == address) return t->found[where].index;
    int64_t wanted = (int64_t)(address - table->module.eh_frame_hdr);
    uint64_t low = 0, high = table->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int32_t start;
        if (!read_start(t, table->entries + middle * 8, &start)) return -1;
        if (wanted < start) high = middle;
        else low = middle + 1;
    }
    if (high == 0) return -1;
    t->found[where].address = address;
    t->found[where].index = (int64_t)high - 1;
    return (int64_t)high - 1;
}

bool lg_tables_read(lg_tables *t, uint64_t address, void *buffer, size_t length) {
    known *k = proven(t, address);
    return k && copy(t, k, address, buffer, length);
}
