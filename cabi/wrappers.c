/*
 * The public functions: each looks whether this process is a child of fork(), where the Go runtime
 * is dead and entering it would hang, and then calls the Go function behind it (exports.go), which is
 * hidden from the outside by exports.map.
 */
#include "include/symbolicate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"
#include "signals.h"

static volatile int forked;

static void in_child(void) { forked = 1; }

__attribute__((constructor)) static void watch_fork(void) { pthread_atfork(NULL, NULL, in_child); }

static sym_status dead(sym_error *error) {
  static const char words[] = "the library was loaded before fork(), and a Go runtime does not live on in a child";
  if (error) {
    error->status = SYM_ERR_FORKED;
    error->offset = -1;
    error->message_len = sizeof words - 1;
    memcpy(error->message, words, sizeof words);
  }
  return SYM_ERR_FORKED;
}

#define ALIVE(error)               \
  if (forked) return dead(error); \
  symc_signal_stack()

uint32_t sym_abi_version(void) { return SYM_ABI_VERSION; }

const char *sym_version(void) { return SYM_VERSION; }

void sym_free(void *result) { free(result); }

sym_status sym_close(sym_handle handle) {
  ALIVE(NULL);
  return symgo_close(handle);
}

void sym_clear_handle(sym_handle *handle) {
  sym_handle h = __atomic_exchange_n(handle, 0, __ATOMIC_ACQ_REL);
  if (h) sym_close(h); /* which looks for fork() */
}

void sym_clear_result(void *pointer_to_result) {
  void **result = pointer_to_result;
  free(*result);
  *result = NULL;
}

sym_status sym_get_stats(sym_stats *out) {
  ALIVE(NULL);
  return symgo_get_stats(out);
}

sym_status sym_set_memory_limit(int64_t bytes) {
  ALIVE(NULL);
  return symgo_set_memory_limit(bytes);
}

sym_status sym_trim(void) {
  ALIVE(NULL);
  return symgo_trim();
}

sym_status sym_map_parse(const void *data, size_t len, uint32_t flags, sym_handle *out, sym_error *error) {
  ALIVE(error);
  return symgo_map_parse((void *)data, len, NULL, 0, flags, out, error);
}

sym_status sym_map_parse_with_code(const void *data, size_t len, const void *code, size_t code_len, uint32_t flags, sym_handle *out,
                                   sym_error *error) {
  ALIVE(error);
  return symgo_map_parse((void *)data, len, (void *)code, code_len, flags, out, error);
}

sym_status sym_map_open(const char *path, size_t path_len, uint32_t flags, sym_handle *out, sym_error *error) {
  ALIVE(error);
  return symgo_map_open((char *)path, path_len, NULL, 0, flags, out, error);
}

sym_status sym_map_open_with_code(const char *path, size_t path_len, const void *code, size_t code_len, uint32_t flags, sym_handle *out,
                                  sym_error *error) {
  ALIVE(error);
  return symgo_map_open((char *)path, path_len, (void *)code, code_len, flags, out, error);
}

sym_status sym_map_save(sym_handle map, const char *path, size_t path_len, uint32_t flags, sym_error *error) {
  ALIVE(error);
  return symgo_map_save(map, (char *)path, path_len, flags, error);
}

sym_status sym_map_verify(sym_handle map, sym_error *error) {
  ALIVE(error);
  return symgo_map_verify(map, error);
}

sym_status sym_map_get_memory(sym_handle map, sym_memory *out, sym_error *error) {
  ALIVE(error);
  return symgo_map_get_memory(map, out, error);
}

sym_status sym_map_inherit(const sym_memory *memory, sym_handle *out, sym_error *error) {
  ALIVE(error);
  return symgo_map_inherit((sym_memory *)memory, out, error);
}

sym_status sym_map_get_info(sym_handle map, sym_map_info *out, sym_error *error) {
  ALIVE(error);
  return symgo_map_get_info(map, out, error);
}

sym_status sym_map_lookup(sym_handle map, int32_t line, int32_t column, sym_mapping *out, sym_error *error) {
  ALIVE(error);
  return symgo_map_lookup(map, line, column, 0, out, error);
}

sym_status sym_map_lookup_across_lines(sym_handle map, int32_t line, int32_t column, sym_mapping *out,
                                       sym_error *error) {
  ALIVE(error);
  return symgo_map_lookup(map, line, column, 1, out, error);
}

sym_status sym_map_function_at(sym_handle map, int32_t line, int32_t column, sym_strings **out, sym_error *error) {
  ALIVE(error);
  return symgo_map_function_at(map, line, column, out, error);
}

sym_status sym_map_lookup_many(sym_handle map, size_t n, const int32_t *lines, const int32_t *columns,
                               int32_t *source, int32_t *line, int32_t *column, int32_t *name, sym_error *error) {
  ALIVE(error);
  return symgo_map_lookup_many(map, n, (int32_t *)lines, (int32_t *)columns, source, line, column, name, error);
}

sym_status sym_map_mappings(sym_handle map, sym_columns **out, sym_error *error) {
  ALIVE(error);
  return symgo_map_mappings(map, out, error);
}

sym_status sym_map_mappings_back(sym_handle map, int32_t line, int32_t column, size_t n, sym_columns **out,
                                 sym_error *error) {
  ALIVE(error);
  return symgo_map_mappings_back(map, line, column, n, out, error);
}

sym_status sym_map_source_lines(sym_handle map, size_t source, size_t first, size_t n, sym_strings **out,
                                sym_error *error) {
  ALIVE(error);
  return symgo_map_source_lines(map, source, first, n, out, error);
}

sym_status sym_map_strings(sym_handle map, uint32_t kind, size_t first, size_t n, sym_strings **out,
                           sym_error *error) {
  ALIVE(error);
  return symgo_map_strings(map, kind, first, n, out, error);
}

sym_status sym_map_ignored(sym_handle map, size_t source, int32_t *ignored, sym_error *error) {
  ALIVE(error);
  return symgo_map_ignored(map, source, ignored, error);
}

sym_status sym_archive_open(const char *path, size_t path_len, sym_handle *out, sym_error *error) {
  ALIVE(error);
  return symgo_archive_open((char *)path, path_len, out, error);
}

sym_status sym_archive_reload(sym_handle archive, sym_error *error) {
  ALIVE(error);
  return symgo_archive_reload(archive, error);
}

sym_status sym_archive_get(sym_handle archive, const sym_key *key, sym_handle *out, sym_error *error) {
  ALIVE(error);
  return symgo_archive_get(archive, (sym_key *)key, out, error);
}

sym_status sym_archive_keys(sym_handle archive, sym_strings **out, sym_error *error) {
  ALIVE(error);
  return symgo_archive_keys(archive, out, error);
}

sym_status sym_archive_verify(sym_handle archive, sym_error *error) {
  ALIVE(error);
  return symgo_archive_verify(archive, error);
}

sym_status sym_archive_update(const char *path, size_t path_len, const sym_change *changes, size_t n,
                              sym_error *error) {
  ALIVE(error);
  return symgo_archive_update((char *)path, path_len, (sym_change *)changes, n, error);
}

sym_status sym_archive_compact(const char *path, size_t path_len, sym_error *error) {
  ALIVE(error);
  return symgo_archive_compact((char *)path, path_len, error);
}

sym_status sym_parse_stack(const char *text, size_t len, sym_stack **out, sym_error *error) {
  ALIVE(error);
  return symgo_parse_stack((char *)text, len, out, error);
}

/* Copies what both sides know of a struct that may grow, and returns 0 where the rest is not zero. */
static int known(void *to, size_t size, const void *from, size_t from_size) {
  memset(to, 0, size);
  memcpy(to, from, from_size < size ? from_size : size);
  for (size_t i = size; i < from_size; i++)
    if (((const char *)from)[i]) return 0;
  return 1;
}

sym_status sym_symbolicator_new(const sym_str *paths, size_t n, const sym_options *options, sym_handle *out,
                                sym_error *error) {
  ALIVE(error);
  sym_options o = {0};
  if (options && (options->size < sizeof o.size || options->size > 4096 || !known(&o, sizeof o, options, options->size)))
    o.size = SIZE_MAX; /* asks for more than this library knows */
  return symgo_symbolicator_new((sym_str *)paths, n, &o, out, error);
}

sym_status sym_symbolicator_add(sym_handle symbolicator, const sym_artifact *artifact, uint32_t flags,
                                sym_error *error) {
  ALIVE(error);
  return symgo_symbolicator_add(symbolicator, (sym_artifact *)artifact, flags, error);
}

sym_status sym_symbolicate(sym_handle symbolicator, const char *text, size_t len, sym_stack **out,
                           sym_error *error) {
  ALIVE(error);
  return symgo_symbolicate(symbolicator, (char *)text, len, out, error);
}

sym_status sym_symbolicate_frames(sym_handle symbolicator, const sym_frame *frames, size_t n, size_t frame_size,
                                  sym_stack **out, sym_error *error) {
  ALIVE(error);
  return symgo_symbolicate_frames(symbolicator, (sym_frame *)frames, n, frame_size, out, error);
}

sym_status sym_symbolicate_many(sym_handle symbolicator, const char *text, const int64_t *offsets, size_t n,
                                uint32_t threads, sym_columns **traces, sym_columns **frames, sym_error *error) {
  ALIVE(error);
  return symgo_symbolicate_many(symbolicator, (char *)text, (int64_t *)offsets, n, threads, traces, frames, error);
}

sym_status sym_find_source_map_url(const void *source, size_t len, sym_strings **out, sym_error *error) {
  ALIVE(error);
  return symgo_find_source_map_url((void *)source, len, out, error);
}
