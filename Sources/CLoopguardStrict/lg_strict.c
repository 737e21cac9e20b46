#include "lg_strict.h"
