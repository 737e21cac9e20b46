#include "accuracy.h"
