// The originals of the interposed functions.
//
// Each pointer first leads to a stub that looks the original up: libraries' constructors call us before our own
// constructor has run, and a check for null at each call would cost. glibc's dlsym neither allocates nor calls anything
// that we interpose, unless it fails.
#pragma once

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#define LG_LIKELY_OFF() __builtin_expect(atomic_load_explicit(&lg_gate_on, memory_order_relaxed) == 0, 1)

static inline void *lg_find(const char *name, const char *version) {
    // Before glibc 2.36 dlsym(RTLD_NEXT) may find the oldest version of a symbol: for pthread_cond_*, one with another
    // layout of the condition.
    void *found = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    return found ? found : dlsym(RTLD_NEXT, name);
}

// Each interposed symbol leaves its name in a section of the object file: what is in there is what has been compiled, so a
// test can hold its cases against it (lg_wrapped_symbols).
#define LG_LIST(name, symbol)                                                                                          \
    static const char *const lg_symbol_##name __attribute__((used, section("lg_symbols"))) = symbol;

// Declares next_NAME and its stub. `symbol`: the name to look up. A function that this C library does not have cannot be
// called through us either; `missing` is what the stub would return.
#define LG_NEXT_OF(type, name, symbol, version, params, args, missing)                                                 \
    LG_LIST(name, symbol)                                                                                              \
    static type lg_stub_##name params;                                                                                 \
    static type(*_Atomic lg_pointer_##name) params = lg_stub_##name;                                                   \
    static LG_COLD type lg_stub_##name params {                                                                        \
        void *lg_found = lg_find(symbol, version);                                                                        \
        if (!lg_found) {                                                                                                 \
            errno = ENOSYS;                                                                                            \
            return missing;                                                                                            \
        }                                                                                                              \
        type(*original) params = (type(*) params)lg_found;                                                                \
        atomic_store_explicit(&lg_pointer_##name, original, memory_order_relaxed);                                     \
        return original args;                                                                                          \
    }

#define LG_NEXT(type, name, params, args, missing) LG_NEXT_OF(type, name, #name, NULL, params, args, missing)

#define next(name) atomic_load_explicit(&lg_pointer_##name, memory_order_relaxed)

// Swift's clang moves cold paths into functions of their own, which would stand between a wrapper and its caller in the
// walk that tells sites apart; not so in functions that may not be inlined.
#define LG_WHOLE __attribute__((noinline))

// The rest of a wrapper on a guarded thread that is about to offend.
#define LG_BLOCK(type, call_name, number, a0, a1, a2, expression)                                                      \
    do {                                                                                                               \
        lg_offence lg_o = {.call = LG_CALL_##call_name,                                                                \
                           .system_call = (number),                                                                    \
                           .arguments = {(uint64_t)(a0), (uint64_t)(a1), (uint64_t)(a2)}};                             \
        lg_offence_begin(&lg_o, __builtin_frame_address(0));                                                           \
        type lg_result = expression;                                                                                   \
        lg_offence_end(&lg_o);                                                                                         \
        return lg_result;                                                                                              \
    } while (0)

// A whole wrapper. `name`: the symbol; `call_name`: how it is reported; `offends`: evaluated on a guarded loop only.
#define LG_WRAP_AS(type, name, call_name, params, args, missing, number, a0, a1, a2, offends)                          \
    LG_NEXT(type, name, params, args, missing)                                                                         \
    LG_WHOLE type name params {                                                                                        \
        if (LG_LIKELY_OFF() || !lg_gate_enters(LG_CALL_##call_name) || !(offends)) return next(name) args;             \
        LG_BLOCK(type, call_name, number, a0, a1, a2, next(name) args);                                                \
    }

#define LG_WRAP(type, name, params, args, missing, number, a0, a1, a2, offends)                                        \
    LG_WRAP_AS(type, name, name, params, args, missing, number, a0, a1, a2, offends)
