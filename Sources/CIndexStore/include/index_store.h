// The part of the compiler's libIndexStore that the linter reads, bound at run time: the library belongs to the toolchain
// that wrote the store, and its format is only stable within one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes that live as long as the object they were asked of; not terminated.
typedef struct {
    const char *_Nullable data;
    size_t length;
} lgi_string;

typedef struct lgi_library lgi_library;
typedef struct lgi_store lgi_store;
typedef void *lgi_unit;
typedef void *lgi_record;
typedef void *lgi_symbol;

/// One mention of a symbol in a record.
typedef struct {
    lgi_symbol _Nullable symbol;
    uint64_t roles;
    uint32_t line;
    uint32_t column;
    /// For lgi_relations, valid during the callback only.
    void *_Nullable handle;
} lgi_occurrence;

typedef struct {
    lgi_string usr;
    lgi_string name;
    uint32_t kind;
    uint32_t subkind;
    uint32_t language;
    uint64_t properties;
} lgi_symbol_info;

typedef struct {
    lgi_string main_file;
    lgi_string module;
    lgi_string output_file;
    lgi_string working_directory;
    int64_t modified_seconds;
    int64_t modified_nanoseconds;
    bool is_system;
    bool is_module;
    bool has_main_file;
} lgi_unit_info;

/// What a unit depends on: 1 another unit, 2 a record, 3 a file.
typedef struct {
    uint32_t kind;
    bool is_system;
    lgi_string name;
    lgi_string path;
    lgi_string module;
} lgi_dependency;

/// Opens the library at `path`. Null: `message` (of `size` bytes) says why.
lgi_library *_Nullable lgi_library_open(const char *_Nonnull path, char *_Nonnull message, size_t size);

/// Opens the store in the folder `path`, which holds `v5`. Null: `message` says why. Never closed: one process reads one.
lgi_store *_Nullable lgi_store_open(
    lgi_library *_Nonnull library, const char *_Nonnull path, char *_Nonnull message, size_t size);

/// All units' names, sorted. The callback returns false to stop.
void lgi_units(lgi_store *_Nonnull store, void *_Nullable context, bool (*_Nonnull body)(void *_Nullable, lgi_string));

/// Null: the unit cannot be read; `message` says why.
lgi_unit _Nullable lgi_unit_open(
    lgi_store *_Nonnull store, const char *_Nonnull name, char *_Nonnull message, size_t size);
lgi_unit_info lgi_unit_describe(lgi_store *_Nonnull store, lgi_unit _Nonnull unit);
void lgi_unit_dependencies(
    lgi_store *_Nonnull store, lgi_unit _Nonnull unit, void *_Nullable context,
    bool (*_Nonnull body)(void *_Nullable, lgi_dependency));
void lgi_unit_close(lgi_store *_Nonnull store, lgi_unit _Nonnull unit);

/// Null: the record cannot be read; `message` says why.
lgi_record _Nullable lgi_record_open(
    lgi_store *_Nonnull store, const char *_Nonnull name, char *_Nonnull message, size_t size);
void lgi_record_occurrences(
    lgi_store *_Nonnull store, lgi_record _Nonnull record, void *_Nullable context,
    bool (*_Nonnull body)(void *_Nullable, lgi_occurrence));
void lgi_record_close(lgi_store *_Nonnull store, lgi_record _Nonnull record);

lgi_symbol_info lgi_symbol_describe(lgi_store *_Nonnull store, lgi_symbol _Nonnull symbol);
/// What an occurrence says about other symbols: `roles` are the relation's.
void lgi_relations(
    lgi_store *_Nonnull store, void *_Nonnull occurrence, void *_Nullable context,
    bool (*_Nonnull body)(void *_Nullable, uint64_t roles, lgi_symbol _Nonnull symbol));

/// The Swift runtime's demangler: a copy that the caller frees, or null when `name` is not a mangled name.
char *_Nullable lgi_demangle(const char *_Nonnull name, size_t length);

/// The calling process ends when its parent does. Linux only; elsewhere nothing happens.
void lgi_die_with_parent(void);
