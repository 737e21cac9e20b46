#include "lg_strict.h"

const char *lg_call_name(lg_call call) {
    static const char *const names[] = {
#define NAME(name, class) #name,
        LG_CALLS(NAME)
#undef NAME
    };
    return call < LG_CALL_COUNT ? names[call] : "?";
}

lg_call_class lg_call_class_of(lg_call call) {
    static const lg_call_class classes[] = {
#define CLASS(name, class) class,
        LG_CALLS(CLASS)
#undef CLASS
    };
    return call < LG_CALL_COUNT ? classes[call] : LG_CLASS_EVENT;
}
