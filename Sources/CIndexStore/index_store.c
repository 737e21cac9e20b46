#include "index_store.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

// One member a function of the library: its name without "indexstore_", result, parameters.
#define FUNCTIONS(X) \
    X(error_get_description, const char *, (void *)) \
    X(error_dispose, void, (void *)) \
    X(store_create, void *, (const char *, void **)) \
    X(store_units_apply_f, bool, (void *, unsigned, void *, bool (*)(void *, lgi_string))) \
    X(unit_reader_create, void *, (void *, const char *, void **)) \
    X(unit_reader_dispose, void, (void *)) \
    X(unit_reader_get_modification_time, void, (void *, int64_t *, int64_t *)) \
    X(unit_reader_is_system_unit, bool, (void *)) \
    X(unit_reader_is_module_unit, bool, (void *)) \
    X(unit_reader_has_main_file, bool, (void *)) \
    X(unit_reader_get_main_file, lgi_string, (void *)) \
    X(unit_reader_get_module_name, lgi_string, (void *)) \
    X(unit_reader_get_output_file, lgi_string, (void *)) \
    X(unit_reader_get_working_dir, lgi_string, (void *)) \
    X(unit_reader_dependencies_apply_f, bool, (void *, void *, bool (*)(void *, void *))) \
    X(unit_dependency_get_kind, unsigned, (void *)) \
    X(unit_dependency_is_system, bool, (void *)) \
    X(unit_dependency_get_filepath, lgi_string, (void *)) \
    X(unit_dependency_get_modulename, lgi_string, (void *)) \
    X(unit_dependency_get_name, lgi_string, (void *)) \
    X(record_reader_create, void *, (void *, const char *, void **)) \
    X(record_reader_dispose, void, (void *)) \
    X(record_reader_occurrences_apply_f, bool, (void *, void *, bool (*)(void *, void *))) \
    X(occurrence_get_symbol, void *, (void *)) \
    X(occurrence_relations_apply_f, bool, (void *, void *, bool (*)(void *, void *))) \
    X(occurrence_get_roles, uint64_t, (void *)) \
    X(occurrence_get_line_col, void, (void *, unsigned *, unsigned *)) \
    X(symbol_get_language, unsigned, (void *)) \
    X(symbol_get_kind, unsigned, (void *)) \
    X(symbol_get_subkind, unsigned, (void *)) \
    X(symbol_get_properties, uint64_t, (void *)) \
    X(symbol_get_name, lgi_string, (void *)) \
    X(symbol_get_usr, lgi_string, (void *)) \
    X(symbol_relation_get_roles, uint64_t, (void *)) \
    X(symbol_relation_get_symbol, void *, (void *))

struct lgi_library {
#define MEMBER(name, result, parameters) result(*name) parameters;
    FUNCTIONS(MEMBER)
#undef MEMBER
};

struct lgi_store {
    lgi_library *library;
    void *handle;
};

lgi_library *lgi_library_open(const char *path, char *message, size_t size) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(message, size, "%s", dlerror());
        return NULL;
    }
    lgi_library *library = calloc(1, sizeof *library);
    if (!library) {
        snprintf(message, size, "out of memory");
        dlclose(handle);
        return NULL;
    }
#define BIND(name, result, parameters) \
    *(void **)&library->name = dlsym(handle, "indexstore_" #name); \
    if (!library->name) { \
        snprintf(message, size, "it has no function indexstore_" #name); \
        free(library); \
        dlclose(handle); \
        return NULL; \
    }
    FUNCTIONS(BIND)
#undef BIND
    return library;
}

// Takes the library's error over into `message`.
static void take_error(lgi_library *library, void *error, char *message, size_t size) {
    const char *text = error ? library->error_get_description(error) : NULL;
    snprintf(message, size, "%s", text ? text : "no reason given");
    if (error) library->error_dispose(error);
}

lgi_store *lgi_store_open(lgi_library *library, const char *path, char *message, size_t size) {
    void *error = NULL;
    void *handle = library->store_create(path, &error);
    if (!handle) {
        take_error(library, error, message, size);
        return NULL;
    }
    lgi_store *store = calloc(1, sizeof *store);
    if (!store) {
        snprintf(message, size, "out of memory");
        return NULL;
    }
    store->library = library;
    store->handle = handle;
    return store;
}

void lgi_units(lgi_store *store, void *context, bool (*body)(void *, lgi_string)) {
    store->library->store_units_apply_f(store->handle, 1, context, body);
}

lgi_unit lgi_unit_open(lgi_store *store, const char *name, char *message, size_t size) {
    void *error = NULL;
    void *unit = store->library->unit_reader_create(store->handle, name, &error);
    if (!unit) take_error(store->library, error, message, size);
    return unit;
}

lgi_unit_info lgi_unit_describe(lgi_store *store, lgi_unit unit) {
    lgi_library *library = store->library;
    lgi_unit_info info = {0};
    info.main_file = library->unit_reader_get_main_file(unit);
    info.module = library->unit_reader_get_module_name(unit);
    info.output_file = library->unit_reader_get_output_file(unit);
    info.working_directory = library->unit_reader_get_working_dir(unit);
    library->unit_reader_get_modification_time(unit, &info.modified_seconds, &info.modified_nanoseconds);
    info.is_system = library->unit_reader_is_system_unit(unit);
    info.is_module = library->unit_reader_is_module_unit(unit);
    info.has_main_file = library->unit_reader_has_main_file(unit);
    return info;
}

struct dependency_context {
    lgi_library *library;
    void *context;
    bool (*body)(void *, lgi_dependency);
};

static bool visit_dependency(void *context, void *handle) {
    struct dependency_context *visit = context;
    lgi_dependency dependency = {
        .kind = visit->library->unit_dependency_get_kind(handle),
        .is_system = visit->library->unit_dependency_is_system(handle),
        .name = visit->library->unit_dependency_get_name(handle),
        .path = visit->library->unit_dependency_get_filepath(handle),
        .module = visit->library->unit_dependency_get_modulename(handle),
    };
    return visit->body(visit->context, dependency);
}

void lgi_unit_dependencies(
    lgi_store *store, lgi_unit unit, void *context, bool (*body)(void *, lgi_dependency)) {
    struct dependency_context visit = {store->library, context, body};
    store->library->unit_reader_dependencies_apply_f(unit, &visit, visit_dependency);
}

void lgi_unit_close(lgi_store *store, lgi_unit unit) { store->library->unit_reader_dispose(unit); }

lgi_record lgi_record_open(lgi_store *store, const char *name, char *message, size_t size) {
    void *error = NULL;
    void *record = store->library->record_reader_create(store->handle, name, &error);
    if (!record) take_error(store->library, error, message, size);
    return record;
}

struct occurrence_context {
    lgi_library *library;
    void *context;
    bool (*body)(void *, lgi_occurrence);
};

static bool visit_occurrence(void *context, void *handle) {
    struct occurrence_context *visit = context;
    unsigned line = 0, column = 0;
    visit->library->occurrence_get_line_col(handle, &line, &column);
    lgi_occurrence occurrence = {
        .symbol = visit->library->occurrence_get_symbol(handle),
        .roles = visit->library->occurrence_get_roles(handle),
        .line = line,
        .column = column,
        .handle = handle,
    };
    return visit->body(visit->context, occurrence);
}

void lgi_record_occurrences(
    lgi_store *store, lgi_record record, void *context, bool (*body)(void *, lgi_occurrence)) {
    struct occurrence_context visit = {store->library, context, body};
    store->library->record_reader_occurrences_apply_f(record, &visit, visit_occurrence);
}

void lgi_record_close(lgi_store *store, lgi_record record) { store->library->record_reader_dispose(record); }

lgi_symbol_info lgi_symbol_describe(lgi_store *store, lgi_symbol symbol) {
    lgi_library *library = store->library;
    lgi_symbol_info info = {0};
    info.usr = library->symbol_get_usr(symbol);
    info.name = library->symbol_get_name(symbol);
    info.kind = library->symbol_get_kind(symbol);
    info.subkind = library->symbol_get_subkind(symbol);
    info.language = library->symbol_get_language(symbol);
    info.properties = library->symbol_get_properties(symbol);
    return info;
}

struct relation_context {
    lgi_library *library;
    void *context;
    bool (*body)(void *, uint64_t, lgi_symbol);
};

static bool visit_relation(void *context, void *handle) {
    struct relation_context *visit = context;
    return visit->body(
        visit->context, visit->library->symbol_relation_get_roles(handle),
        visit->library->symbol_relation_get_symbol(handle));
}

void lgi_relations(
    lgi_store *store, void *occurrence, void *context, bool (*body)(void *, uint64_t, lgi_symbol)) {
    struct relation_context visit = {store->library, context, body};
    store->library->occurrence_relations_apply_f(occurrence, &visit, visit_relation);
}

// Exported by libswiftCore.
extern char *swift_demangle(
    const char *mangledName, size_t mangledNameLength, char *outputBuffer, size_t *outputBufferSize, uint32_t flags);

char *lgi_demangle(const char *name, size_t length) { return swift_demangle(name, length, NULL, NULL, 0); }

void lgi_die_with_parent(void) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
}
