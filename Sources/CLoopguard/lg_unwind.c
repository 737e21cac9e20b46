#define _GNU_SOURCE
#include "lg_unwind.h"

#include <stdlib.h>
#include <string.h>

#include "lg_memory.h"
#include "lg_module.h"
#include "lg_tables.h"

#if defined(__x86_64__)

#include <libunwind-x86_64.h>

// Exported by libunwind, but in none of its headers.
extern int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t ip, unw_dyn_info_t *di,
                                              unw_proc_info_t *pi, int need_unwind_info, void *arg);

struct lg_unwinder {
    unw_addr_space_t space;
    const lg_snapshot *snapshot; // of the unwind that is running
    uint64_t registers[LG_REGISTERS];
    lg_page_cache cache; // of this capture
    lg_tables *tables;
};

static bool read_bytes(lg_unwinder *u, uint64_t address, void *buffer, size_t length) {
    return lg_tables_read(u->tables, address, buffer, length) ||
           lg_page_cache_read(&u->cache, address, buffer, length);
}

bool lg_unwinder_is_code(lg_unwinder *u, uint64_t address) { return lg_tables_find(u->tables, address) != NULL; }

bool lg_unwinder_read(lg_unwinder *u, const lg_snapshot *s, uint64_t address, void *buffer, size_t length) {
    if (length == 0 || address > UINT64_MAX - length) return false;
    if (s) {
        if (address >= s->stack_base && length <= s->stack_length &&
            address - s->stack_base <= s->stack_length - length) {
            memcpy(buffer, s->stack + (address - s->stack_base), length);
            return true;
        }
        // The rest of the stack changes while we read, and below the stack pointer there is nothing of worth.
        if (address + length > s->stack_low && address < s->stack_high) return false;
    }
    return read_bytes(u, address, buffer, length);
}

static int access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write, void *arg) {
    (void)space;
    lg_unwinder *u = arg;
    return !write && lg_unwinder_read(u, u->snapshot, address, value, sizeof *value) ? 0 : -UNW_EINVAL;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t reg, unw_word_t *value, int write, void *arg) {
    (void)space;
    lg_unwinder *u = arg;
    if (write || reg < 0 || reg >= LG_REGISTERS) return -UNW_EBADREG;
    *value = u->registers[reg];
    return 0;
}

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *pi, int need, void *arg) {
    lg_unwinder *u = arg;
    const lg_table *table = lg_tables_find(u->tables, ip);
    int64_t index = table ? lg_tables_search(u->tables, table, ip) : -1;
    if (index < 0) return -UNW_ENOINFO;
    unw_dyn_info_t di;
    memset(&di, 0, sizeof di);
    di.start_ip = table->module.start;
    di.end_ip = table->module.end;
    di.format = UNW_INFO_FORMAT_REMOTE_TABLE;
    di.u.rti.segbase = table->module.eh_frame_hdr;
    // The search has been done: libunwind gets the entry, and the next one, which tells where the function must end.
    di.u.rti.table_data = table->entries + (uint64_t)index * 8;
    di.u.rti.table_len = (unw_word_t)((uint64_t)index + 1 < table->count ? 2 : 1) * 8 / sizeof(unw_word_t);
    return _Ux86_64_dwarf_search_unwind_table(space, ip, &di, pi, need, arg);
}

// libunwind frees what it allocated for a remote table by itself.
static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *pi, void *arg) {
    (void)space;
    (void)pi;
    (void)arg;
}

static int no_dyn_info(unw_addr_space_t space, unw_word_t *address, void *arg) {
    (void)space;
    (void)address;
    (void)arg;
    return -UNW_ENOINFO;
}

static int no_fpreg(unw_addr_space_t space, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg) {
    (void)space;
    (void)reg;
    (void)value;
    (void)write;
    (void)arg;
    return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t space, unw_cursor_t *cursor, void *arg) {
    (void)space;
    (void)cursor;
    (void)arg;
    return -UNW_EINVAL;
}

static int no_name(unw_addr_space_t space, unw_word_t ip, char *buffer, size_t size, unw_word_t *offset, void *arg) {
    (void)space;
    (void)ip;
    (void)buffer;
    (void)size;
    (void)offset;
    (void)arg;
    return -UNW_ENOINFO;
}

lg_unwinder *lg_unwinder_create(void) {
    static unw_accessors_t accessors = {
        .find_proc_info = find_proc_info,
        .put_unwind_info = put_unwind_info,
        .get_dyn_info_list_addr = no_dyn_info,
        .access_mem = access_mem,
        .access_reg = access_reg,
        .access_fpreg = no_fpreg,
        .resume = no_resume,
        .get_proc_name = no_name,
    };
    lg_unwinder *u = calloc(1, sizeof *u);
    if (!u) return NULL;
    u->tables = lg_tables_create();
    if (!u->tables) {
        free(u);
        return NULL;
    }
    u->space = unw_create_addr_space(&accessors, 0);
    if (!u->space) {
        lg_tables_destroy(u->tables);
        free(u);
        return NULL;
    }
    // libunwind caches by address, and after dlclose and dlopen an address means another function.
    unw_set_caching_policy(u->space, UNW_CACHE_NONE);
    lg_module_prepare();
    return u;
}

void lg_unwinder_destroy(lg_unwinder *u) {
    unw_destroy_addr_space(u->space);
    lg_tables_destroy(u->tables);
    free(u);
}

void lg_unwinder_clear(lg_unwinder *u) {
    lg_page_cache_clear(&u->cache);
    lg_tables_begin(u->tables);
}

static bool follows_call(lg_unwinder *u, uint64_t address) {
    uint8_t b[7];
    if (address < sizeof b || !lg_unwinder_is_code(u, address) ||
        !read_bytes(u, address - sizeof b, b, sizeof b))
        return false;
    if (b[2] == 0xe8) return true;
    for (int i = 0; i < 6; i++)
        if (b[i] == 0xff && (b[i + 1] & 0x38) == 0x10) return true;
    return false;
}

// Finds the return address of the innermost function where the unwind information would miss it, and the caller would be
// left out:
// - In the epilogue. The compiler describes the frame in the prologue only: after `pop rbp` the information still computes
//   the frame from rbp, which is the caller's by then. `btr rbp, 60` is part of an async epilogue.
// - In the prologue of a function without information (a third of libswiftCore's): libunwind then goes by rbp, which is
//   still the caller's.
// Sets where the return address lies and what it is.
static bool find_return(lg_unwinder *u, uint64_t pc, uint64_t sp, bool known, uint64_t *at, uint64_t *return_address) {
    static const uint8_t btr[5] = {0x48, 0x0f, 0xba, 0xf5, 0x3c};
    static const uint8_t push_mov[4] = {0x55, 0x48, 0x89, 0xe5};
    uint8_t next[5], last[5];
    if (pc < sizeof last || !read_bytes(u, pc - sizeof last, last, sizeof last) ||
        !read_bytes(u, pc, next, sizeof next))
        return false;
    bool pushed = !known && last[4] == push_mov[0] && memcmp(next, push_mov + 1, 3) == 0;
    *at = pushed ? sp + 8 : sp;
    if (!lg_unwinder_read(u, u->snapshot, *at, return_address, sizeof *return_address)) return false;
    bool begins = !known && memcmp(next, push_mov, sizeof push_mov) == 0;
    if (pushed || begins) return follows_call(u, *return_address);
    if (next[0] == 0xc3 || next[0] == 0xc2 || (next[0] == 0xf3 && next[1] == 0xc3)) return true;
    if (last[4] != 0x5d && memcmp(last, btr, sizeof btr) != 0) return false;
    const uint8_t *jump = next[0] == 0x41 ? next + 1 : next;
    bool jumps = next[0] == 0xe9 || next[0] == 0xeb || (jump[0] == 0xff && (jump[1] & 0x38) == 0x20);
    return (jumps || memcmp(next, btr, sizeof btr) == 0) && follows_call(u, *return_address);
}

int lg_unwind(lg_unwinder *u, const lg_snapshot *snapshot, lg_frame *frames, int capacity, lg_unwind_end *end) {
    u->snapshot = snapshot;
    memcpy(u->registers, snapshot->registers, sizeof u->registers);
    *end = LG_UNWIND_BROKEN;
    if (capacity <= 0) {
        *end = LG_UNWIND_LIMIT;
        return 0;
    }
    unw_cursor_t cursor;
    if (unw_init_remote(&cursor, u->space, u) < 0) return 0;
    bool exact = true;
    uint8_t found = LG_FOUND_REGISTERS;
    int n = 0;
    for (;;) {
        unw_word_t pc = 0, sp = 0, rbp = LG_UNKNOWN;
        if (unw_get_reg(&cursor, UNW_REG_IP, &pc) < 0 || pc == 0) {
            if (n > 0) *end = LG_UNWIND_COMPLETE;
            break;
        }
        unw_get_reg(&cursor, UNW_REG_SP, &sp);
        if (unw_get_reg(&cursor, UNW_X86_64_RBP, &rbp) < 0) rbp = LG_UNKNOWN;
        // A stack grows downwards: a frame that is not further out than its callee is garbage, or a loop.
        if (n > 0 && sp <= frames[n - 1].sp) break;
        if (n == capacity) {
            *end = LG_UNWIND_LIMIT;
            break;
        }
        unw_proc_info_t info;
        memset(&info, 0, sizeof info);
        // Without information libunwind pretends that the function is one byte long.
        bool known = unw_get_proc_info(&cursor, &info) >= 0 && info.start_ip != 0 && info.end_ip > info.start_ip + 1;
        frames[n++] = (lg_frame){.pc = pc, .sp = sp, .rbp = rbp, .function_start = known ? info.start_ip : 0,
                                 .exact = exact, .found = found};
        found = known ? LG_FOUND_CFI : LG_FOUND_FRAME_POINTER;
        uint64_t at, caller;
        if (n == 1 && find_return(u, pc, sp, known, &at, &caller)) {
            u->registers[LG_RIP] = caller;
            u->registers[LG_RSP] = at + 8;
            exact = false;
            found = LG_FOUND_INFERRED;
            if (unw_init_remote(&cursor, u->space, u) < 0) break;
            continue;
        }
        exact = unw_is_signal_frame(&cursor) > 0;
        int step = unw_step(&cursor);
        if (step > 0) continue;
        if (rbp == LG_UNKNOWN && (!known || step < 0)) {
            *end = LG_UNWIND_NEEDS_FRAME_POINTER;
        } else if (!known) {
            // libunwind guesses here, and calls the failure of its guess the end of the stack.
            *end = LG_UNWIND_NO_INFORMATION;
        } else {
            *end = step == 0 ? LG_UNWIND_COMPLETE : LG_UNWIND_BROKEN;
        }
        break;
    }
    u->snapshot = NULL;
    return n;
}

#else

struct lg_unwinder {
    lg_page_cache cache;
};

lg_unwinder *lg_unwinder_create(void) { return calloc(1, sizeof(lg_unwinder)); }
void lg_unwinder_destroy(lg_unwinder *u) { free(u); }
void lg_unwinder_clear(lg_unwinder *u) { lg_page_cache_clear(&u->cache); }

bool lg_unwinder_is_code(lg_unwinder *u, uint64_t address) {
    (void)u;
    lg_module module;
    return lg_module_find(address, &module);
}

bool lg_unwinder_read(lg_unwinder *u, const lg_snapshot *s, uint64_t address, void *buffer, size_t length) {
    (void)s;
    return lg_page_cache_read(&u->cache, address, buffer, length);
}

int lg_unwind(lg_unwinder *u, const lg_snapshot *snapshot, lg_frame *frames, int capacity, lg_unwind_end *end) {
    (void)u;
    (void)snapshot;
    (void)frames;
    (void)capacity;
    *end = LG_UNWIND_UNSUPPORTED;
    return 0;
}

#endif
