#pragma once
// The remote API only (`_Ux86_64_*`). Linking `unwind` as well would replace the C++ exception unwinder of the whole
// process, see research/spike-runtime.md, D8.
#include <libunwind-x86_64.h>
