#define _GNU_SOURCE
// The fortified inline versions of these functions would stand in the way of their definitions.
#undef _FORTIFY_SOURCE
#include "../CLoopguardStrict/lg_wrappers.h"
