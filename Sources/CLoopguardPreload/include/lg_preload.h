// Strict mode as a library of its own, for programs that were not built with Loopguard:
//
//     LD_PRELOAD=libloopguard-preload.so LOOPGUARD_PRELOAD_OUT=calls.jsonl program
//
// It has no interface: everything is said by environment variables (Documentation/Strict.md) and written as JSON lines.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Offences so far in this process, for tests.
unsigned long long lg_preload_calls(void);

#ifdef __cplusplus
}
#endif
