#define _GNU_SOURCE
#include "lg_trace.h"

#include <elf.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_FRAMES 64
#define LINE_BYTES (24 * 1024)

const char *lg_trace_call_name(lg_call call) {
    static const char *const names[] = {
#define NAME(name, class) #name,
        LG_CALLS(NAME)
#undef NAME
    };
    return call < LG_CALL_COUNT ? names[call] : "?";
}

static const char *category(const char *call) {
    static const struct {
        const char *name;
        lg_call_class class;
    } table[] = {
#define ROW(name, class) {#name, class},
        LG_CALLS(ROW)
#undef ROW
    };
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, call) != 0) continue;
        if (table[i].class == LG_CLASS_LOCK || table[i].class == LG_CLASS_EVENT) return "lock-wait";
        if (table[i].class == LG_CLASS_DISK || table[i].class == LG_CLASS_FILE) return "disk";
        break;
    }
    return "blocked-in-system-call";
}

// MARK: text

typedef struct line {
    size_t length;
    bool full;
    char text[LINE_BYTES];
} line;

static void put(line *l, const char *format, ...) {
    if (l->full) return;
    va_list list;
    va_start(list, format);
    int n = vsnprintf(l->text + l->length, LINE_BYTES - l->length, format, list);
    va_end(list);
    if (n < 0 || (size_t)n >= LINE_BYTES - l->length) {
        l->full = true;
    } else {
        l->length += (size_t)n;
    }
}

static void put_string(line *l, const char *text, size_t most) {
    put(l, "\"");
    for (const unsigned char *p = (const unsigned char *)text; *p && most > 0; p++, most--) {
        if (*p == '"' || *p == '\\') {
            put(l, "\\%c", *p);
        } else if (*p < 0x20 || *p > 0x7e) {
            // Names are bytes, JSON is UTF-8: what is not ASCII is shown by its value.
            put(l, "\\u%04x", *p);
        } else {
            put(l, "%c", *p);
        }
    }
    put(l, "\"");
}

// MARK: modules

typedef struct module {
    uintptr_t address;
    bool found;
    uintptr_t base;
    const char *name;
    uint8_t id[32];
    size_t id_length;
} module;

static int look(struct dl_phdr_info *info, size_t size, void *argument) {
    (void)size;
    module *m = argument;
    bool covers = false;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && m->address >= start && m->address < start + p->p_memsz) covers = true;
    }
    if (!covers) return 0;
    m->found = true;
    m->base = info->dlpi_addr;
    m->name = info->dlpi_name;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_NOTE) continue;
        const uint8_t *at = (const uint8_t *)(info->dlpi_addr + p->p_vaddr), *end = at + p->p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
            const uint8_t *name = at + sizeof *note;
            const uint8_t *value = name + (note->n_namesz + 3) / 4 * 4;
            if (value + note->n_descsz > end || value < name) break;
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
                note->n_descsz <= sizeof m->id) {
                m->id_length = note->n_descsz;
                memcpy(m->id, value, note->n_descsz);
            }
            at = value + (note->n_descsz + 3) / 4 * 4;
        }
    }
    return 1;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// How the names of modules begin that are nobody's own code: as in LoopguardCore's FrameOrigin, which knows more, namely the
// runtime's functions inside the executable. loopguard-symbolicate judges by it once a frame has its name.
static bool is_system(const char *module) {
    static const char *const names[] = {
        "libloopguard-preload", "libswift", "lib_Foundation", "libFoundation", "libdispatch", "libBlocksRuntime",
        "libc.so", "libc-", "libpthread", "libm.so", "libm-", "libdl.so", "libdl-", "librt.so", "librt-", "libresolv",
        "libnss_", "libstdc++", "libc++", "libgcc_s", "ld-linux", "ld-2", "linux-vdso", "linux-gate", "libunwind",
        "libtsan", "libasan",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(module, names[i], strlen(names[i])) == 0) return true;
    return false;
}

static char program_path[512] = "?";

// `known`: the function, where the symbol table may not say it.
static uint64_t put_frame(line *l, uintptr_t address, const char *known) {
    // A return address belongs to the call before it.
    module m = {.address = address - 1};
    dl_iterate_phdr(look, &m);
    Dl_info symbol;
    if (!known && dladdr((void *)(address - 1), &symbol)) known = symbol.dli_sname;
    const char *name = m.name && m.name[0] ? base_name(m.name) : base_name(program_path);
    put(l, "{\"address\":\"0x%llx\",\"kind\":\"physical\",\"is_runtime\":%s", (unsigned long long)address,
        !m.found || is_system(name) ? "true" : "false");
    uint64_t hash = address;
    if (m.found) {
        put(l, ",\"module\":");
        put_string(l, name, 200);
        put(l, ",\"module_offset\":\"0x%llx\"", (unsigned long long)(address - m.base));
        hash = address - m.base;
        for (const char *p = name; *p; p++) hash = (hash ^ (uint8_t)*p) * 0x100000001b3ull;
    }
    if (m.id_length > 0) {
        put(l, ",\"build_id\":\"");
        for (size_t i = 0; i < m.id_length; i++) put(l, "%02x", m.id[i]);
        put(l, "\"");
    }
    if (known) {
        put(l, ",\"function\":");
        put_string(l, known, 500);
    }
    put(l, "}");
    return hash;
}

void lg_trace_prepare(void) {
    void *frames[2];
    backtrace(frames, 2);
    ssize_t n = readlink("/proc/self/exe", program_path, sizeof program_path - 1);
    program_path[n > 0 ? n : 1] = 0;
}

void lg_trace_write(const lg_trace *t) {
    void *frames[MAX_FRAMES];
    int count = backtrace(frames, MAX_FRAMES);
    // From the wrapper on, as in reports of strict mode: what is further in made the trace. A reader may take the innermost
    // address for the instruction itself and not for one to return to; the wrapper's is the one where that does no harm.
    uintptr_t caller = ((const uintptr_t *)t->frame)[1];
    int first = 0;
    for (int i = 1; i < count && first == 0; i++)
        if ((uintptr_t)frames[i] == caller) first = i - 1;

    line l;
    l.length = 0;
    l.full = false;
    static _Atomic uint64_t last;
    char host[65] = "localhost", thread[17] = "";
    gethostname(host, sizeof host - 1);
    host[64] = 0;
    pthread_getname_np(pthread_self(), thread, sizeof thread);
    int pid = (int)getpid();
    put(&l, "{\"id\":");
    char id[120];
    snprintf(id, sizeof id, "%s-%d-%llu", host, pid,
             (unsigned long long)atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1);
    put_string(&l, id, sizeof id);
    put(&l, ",\"host\":");
    put_string(&l, host, 64);
    put(&l, ",\"worker\":0,\"pid\":%d,\"loop\":", pid);
    char loop[48];
    snprintf(loop, sizeof loop, "%s/%ld", thread, syscall(SYS_gettid));
    put_string(&l, loop, sizeof loop);
    put(&l,
        ",\"started_at_unix_ns\":%llu,\"duration_ns\":%llu,\"ongoing\":false,\"threshold_ns\":0,"
        "\"watchdog_lateness_ns\":0,\"kind\":\"blocking-call\",\"cause\":{\"category\":\"%s\",\"summary\":\"%s() on an "
        "event loop\",\"system_call\":\"%s\",\"shares\":{\"cpu\":0,\"run_delay\":0,\"waiting\":1},\"host_at_fault\":"
        "false,\"evidence\":[\"call number %llu of this place, %llu us together\"]},\"blast\":{\"connections\":0,"
        "\"connection_seconds\":0,\"broadcasts_waiting\":0,\"bytes_waiting\":0,\"pings_missed\":0},\"jobs_in_tick\":0,"
        "\"samples\":[{\"offset_ns\":0,\"validity\":\"verified\",\"cost_ns\":0,\"frames\":[",
        (unsigned long long)(t->ended_unix_ns - t->duration_ns), (unsigned long long)t->duration_ns, category(t->call),
        t->call, t->call, (unsigned long long)t->number, (unsigned long long)(t->total_ns / 1000));
    uint64_t fingerprint = 0xcbf29ce484222325ull;
    // Room is kept for the end: a line that is cut would be no JSON.
    for (int i = first; i < count && l.length < LINE_BYTES - 1600; i++) {
        if (i > first) put(&l, ",");
        uint64_t hash = put_frame(&l, (uintptr_t)frames[i], i == first && first > 0 ? t->call : NULL);
        if (i < first + 12) fingerprint = (fingerprint ^ hash) * 0x100000001b3ull;
    }
    put(&l,
        "]}],\"related\":[],\"fingerprint\":\"%016llx\",\"remedy\":\"Move the call off the event loop, or use its "
        "asynchronous form.\"}\n",
        (unsigned long long)fingerprint);
    if (l.full) return;
    // A full pipe or disk must not hold the program up more than it holds itself up: one attempt.
    ssize_t written = syscall(SYS_write, t->out, l.text, l.length);
    (void)written;
}
