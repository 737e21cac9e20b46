#include "lg_preload.h"
