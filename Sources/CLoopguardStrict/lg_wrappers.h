// All wrappers: strong definitions of blocking calls of the C library.
//
// One relaxed load and a branch while nobody watches. On a watched thread, an offence is what might block, not what did:
// the same code behaves the same in every run. The wrappers allocate nothing and keep errno.
#pragma once

#include "lg_gate.h"
#include "lg_next.h"

#include "lg_wrap_descriptors.h"
#include "lg_wrap_files.h"
#include "lg_wrap_names.h"
#include "lg_wrap_threads.h"
