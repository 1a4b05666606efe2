/*
 * symbolicate: source maps and JavaScript stack traces.
 *
 * Numbers.    Positions of a map (sym_map_*) are 0-based, columns in UTF-16 code units. Frames
 *             (sym_frame) hold the 1-based numbers that an engine printed; 0 stands for "not given".
 *             -1 stands for "none" in indices.
 *
 * Text.       All text is UTF-8 with a length in bytes; what the library returns also ends in a NUL
 *             that the length does not count. A sym_str whose data is NULL is "none". What comes from
 *             a trace that is not UTF-8 is given back as it was.
 *
 * Errors.     Every call that can fail returns a status: SYM_OK (0), a positive answer that is no
 *             error (SYM_NOT_FOUND), or a negative SYM_ERR_*. The last argument, which may be NULL,
 *             is a struct of the caller's that gets the words; nothing in it is to be freed.
 *
 * Ownership.  A handle is a number, given back with sym_close. A stale handle, or one closed twice, is
 *             SYM_ERR_CLOSED and never a crash. A result that comes as a pointer to a pointer is one
 *             allocation, given back with one sym_free (sym_columns: sym_columns_release); it stays good
 *             after its handle is closed. Where a call fails, the place for its result is as it was.
 *             What the library is given it copies, unless SYM_BORROW says otherwise.
 *
 * Threads.    Any call may be made from any thread, also on one handle. sym_close waits until the
 *             calls at work on that handle have ended.
 *
 * Signals.    Go runs handlers of signals on an alternate stack, also those of the program. Each thread gets one of
 *             8 MiB (of address space) by its first call, if it has none.
 *
 * fork.       The library does not survive fork(): in a child every call returns SYM_ERR_FORKED, and
 *             results from before the fork can still be read. Fork first, or exec, or load a fresh copy
 *             of the file in the child, under another name and another inode (a memfd, say): it works,
 *             and takes over the maps that the parent had, see sym_map_inherit.
 */
#ifndef SYMBOLICATE_H
#define SYMBOLICATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What stands here for version 1 stays as it is: names, numbers, layouts and meanings. Functions and constants may join
   it, and structs of results may get fields where they are reserved. Compare sym_abi_version() with it after a dlopen. */
#define SYM_ABI_VERSION 1
#define SYM_VERSION "0.1.0"

typedef uint64_t sym_handle; /* never 0 */

typedef int32_t sym_status;

#define SYM_OK 0
#define SYM_NOT_FOUND 1       /* no mapping there, no such text: an answer */
#define SYM_ERR_ARGUMENT (-1) /* NULL, a bad flag, a number out of range */
#define SYM_ERR_CLOSED (-2)   /* no such handle: closed, or of another kind */
#define SYM_ERR_PARSE (-3)    /* not a source map (sym_error.offset is set), or a damaged index */
#define SYM_ERR_LIMIT (-4)    /* larger or deeper than a documented limit; a result over 1 GiB */
#define SYM_ERR_IO (-5)       /* a file can't be read */
#define SYM_ERR_MEMORY (-6)   /* no memory for the result */
#define SYM_ERR_FORKED (-7)   /* a child of fork() */
#define SYM_ERR_INTERNAL (-8) /* a bug of the library; the message names it */

typedef struct sym_error {
  sym_status status;
  uint32_t message_len; /* bytes, without the NUL */
  int64_t offset;       /* byte offset in the input, -1: none */
  char message[496];    /* one line, cut where it is longer */
} sym_error;

typedef struct sym_str {
  const char *data; /* NULL: none */
  size_t len;       /* bytes */
} sym_str;

/* A list of texts, in one allocation. */
typedef struct sym_strings {
  size_t count;
  const sym_str *items;
} sym_strings;

uint32_t sym_abi_version(void);
const char *sym_version(void); /* SYM_VERSION of the library loaded; static */

/* Gives back a result. NULL is allowed. */
void sym_free(void *result);

/* Gives back a handle of any kind. */
sym_status sym_close(sym_handle handle);

/* The same for what lies in a variable, which becomes 0 or NULL; if it is that already, nothing happens. They are meant
   as destructors: they return nothing, and may be called in a child of fork() too, where only results are freed. */
void sym_clear_handle(sym_handle *handle);
void sym_clear_result(void *pointer_to_result); /* for sym_free */

typedef struct sym_stats {
  int64_t handles; /* open now */
  int64_t bytes;   /* that their objects keep in memory: input, borrowed or not, and index; no mapped files */
  int64_t reserved[6];
} sym_stats;

sym_status sym_get_stats(sym_stats *out);

/* sym_map_parse and sym_map_open return SYM_ERR_LIMIT, before they take memory, for a map that would bring
   sym_stats.bytes above the limit by an estimate of one and a half times its bytes. Maps that a symbolicator keeps count, but
   are not refused. 0, at the start: no limit. It is also the soft limit of the Go runtime. */
sym_status sym_set_memory_limit(int64_t bytes);

/* Gives memory that is not in use back to the operating system, about 10 ms; without it that happens
   little by little. */
sym_status sym_trim(void);

/* ---- One map ---------------------------------------------------------------------------------- */

#define SYM_STRICT 1u /* refuse what ECMA-426 lets a consumer refuse */
#define SYM_BORROW 2u /* don't copy data: it stays where it is, unchanged, until sym_close returns */
#define SYM_FUNCTIONS 4u /* find the functions of all source texts now, not when asked: sym_map_save writes them, too */

sym_status sym_map_parse(const void *data, size_t len, uint32_t flags, sym_handle *out, sym_error *error);

/* Opens a file: a map, or an index that sym_map_save wrote. It must not be written to while it is open, but may be
   removed, or replaced by a rename. If it is damaged, or becomes shorter, calls return SYM_ERR_PARSE or SYM_ERR_IO. */
sym_status sym_map_open(const char *path, size_t path_len, uint32_t flags, sym_handle *out, sym_error *error);

/* The same with the generated code, which is read for functions and not kept. They have the names that the map tells: with
   them sym_map_function_at answers where there is no source text, in a saved map, too. Of no effect on a saved index. */
sym_status sym_map_parse_with_code(const void *data, size_t len, const void *code, size_t code_len, uint32_t flags, sym_handle *out,
                                   sym_error *error);
sym_status sym_map_open_with_code(const char *path, size_t path_len, const void *code, size_t code_len, uint32_t flags, sym_handle *out,
                                  sym_error *error);

#define SYM_NO_SOURCES 1u /* leave the source texts out */

/* Writes the map as an index that opens without being read. The file is replaced whole, or stays as it was. */
sym_status sym_map_save(sym_handle map, const char *path, size_t path_len, uint32_t flags, sym_error *error);

/* Reads an opened index from end to end and compares its checksums. */
sym_status sym_map_verify(sym_handle map, sym_error *error);

/* Where a map lies in the memory of a process. The fields are for the library alone. */
typedef struct sym_memory {
  uint64_t image, image_len;
  uint64_t mapping, mapping_len;
  uint64_t data, data_len;
  uint32_t flags;
  uint32_t version; /* of the library's inside: only a copy of the very same file can read it */
} sym_memory;

sym_status sym_map_get_memory(sym_handle map, sym_memory *out, sym_error *error);

/* In a child of fork(), with a fresh copy of the library: makes a map of what sym_map_get_memory gave in the parent. It
   is not parsed again, and its pages stay shared between the processes. The map must have been open when the process
   was forked, and what it borrowed must still be there. Once in a process for each map. */
sym_status sym_map_inherit(const sym_memory *memory, sym_handle *out, sym_error *error);

typedef struct sym_map_info {
  int64_t mappings, sources, names, problems; /* counts */
  int64_t bytes;                              /* what the map weighs */
  int32_t indexed;                            /* 1: made of sections */
  int32_t reserved32;
  int64_t reserved[6];
} sym_map_info;

sym_status sym_map_get_info(sym_handle map, sym_map_info *out, sym_error *error);

typedef struct sym_mapping {
  int32_t generated_line, generated_column;
  int32_t source, line, column; /* original position; source is an index */
  int32_t name;                 /* index, -1: none */
} sym_mapping;

/* The mapping that answers for a generated position; SYM_NOT_FOUND: none. */
sym_status sym_map_lookup(sym_handle map, int32_t line, int32_t column, sym_mapping *out, sym_error *error);
sym_status sym_map_lookup_across_lines(sym_handle map, int32_t line, int32_t column, sym_mapping *out, sym_error *error);

/* The innermost function of the original program around a generated position, by the map's scopes, the text of the source, or the functions
   of the generated code, if the map was read with that.
   Two texts: its name (none: it has none, or there is no function), and the nearest one with a name around it.
   SYM_NOT_FOUND: no mapping there, or without that code no text of the source, or one in another language than JavaScript and TypeScript. */
sym_status sym_map_function_at(sym_handle map, int32_t line, int32_t column, sym_strings **out, sym_error *error);

/* Many at once: n lines and columns in, n rows in four columns out, -1 in all four where nothing is. */
sym_status sym_map_lookup_many(sym_handle map, size_t n, const int32_t *lines, const int32_t *columns,
                               int32_t *source, int32_t *line, int32_t *column, int32_t *name, sym_error *error);

/* Columns of 32-bit integers in one block that may have many owners; they work in a child of fork() too. */
typedef struct sym_columns sym_columns;

/* One to 64 columns of so many rows, of one owner; for sym_map_lookup_many, say. */
sym_status sym_columns_new(size_t columns, size_t rows, sym_columns **out, sym_error *error);

int32_t *sym_columns_values(sym_columns *c); /* column by column, each of so many rows */
size_t sym_columns_rows(const sym_columns *c);
void sym_columns_keep(sym_columns *c);    /* one owner more */
void sym_columns_release(sym_columns *c); /* one less; the last one frees it. NULL is allowed */
void sym_clear_columns(sym_columns **c);  /* sym_columns_release for a variable, which becomes NULL */

/* All mappings in the order of their generated positions, in six columns as sym_mapping names its fields: 24 bytes each,
   together 1 GiB at most. source, line and column are -1 where a mapping has no original position, name where it has none. */
sym_status sym_map_mappings(sym_handle map, sym_columns **out, sym_error *error);

/* The same columns for the mapping that answers sym_map_lookup_across_lines, as it stands in the map and also where it has no
   original position, and for those in front of it, backwards: n rows at most. */
sym_status sym_map_mappings_back(sym_handle map, int32_t line, int32_t column, size_t n, sym_columns **out, sym_error *error);

/* The numbers of a column of texts are places in a list of distinct ones, -1: none. */
size_t sym_columns_texts(const sym_columns *c); /* how many there are */

/* Text i, which lives as long as the columns and does not end in a NUL; SYM_ERR_ARGUMENT: there is none. */
sym_status sym_columns_text(const sym_columns *c, size_t i, sym_str *out);

/* Arrow's C data interface, as its specification gives it. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif

/* A struct array of the columns, under these names, a NUL behind each; those of texts are dictionary-encoded. It has a
   share of the block: nothing is copied. */
sym_status sym_columns_export(sym_columns *c, const char *const *names, struct ArrowSchema *schema,
                              struct ArrowArray *array, sym_error *error);

/* Texts of a map. */
#define SYM_SOURCES 0      /* URLs, with sourceRoot; none where null */
#define SYM_NAMES 1
#define SYM_PROBLEMS 2     /* what was wrong, a line each */
#define SYM_IDENTITY 3     /* two: the "file" field, the debug id */
#define SYM_SOURCE_TEXTS 4 /* sourcesContent */

/* Items first to first+n-1 of one kind, or as many of them as there are. */
sym_status sym_map_strings(sym_handle map, uint32_t kind, size_t first, size_t n, sym_strings **out, sym_error *error);

/* Lines first to first+n-1 of the text of a source, or as many of them as there are, each with its end as it stands in the
   text. Lines end as ECMA-262 has it. SYM_NOT_FOUND: the map does not have the text. */
sym_status sym_map_source_lines(sym_handle map, size_t source, size_t first, size_t n, sym_strings **out, sym_error *error);

/* *ignored is 1 where the source is in the map's ignore list. */
sym_status sym_map_ignored(sym_handle map, size_t source, int32_t *ignored, sym_error *error);

/* ---- Archives ---------------------------------------------------------------------------------- */

/* One file with many maps as indexes, found by debug id and by the URL of the generated file. */

typedef struct sym_key {
  sym_str debug_id; /* as the map has it */
  sym_str url;      /* or a path that the URL ends with; one of the two, the other is none */
} sym_key;

sym_status sym_archive_open(const char *path, size_t path_len, sym_handle *out, sym_error *error);

/* Reads the directory anew: what was added since is seen from then on. */
sym_status sym_archive_reload(sym_handle archive, sym_error *error);

/* Opens the map with the key, which is a handle of its own; SYM_NOT_FOUND: there is none. */
sym_status sym_archive_get(sym_handle archive, const sym_key *key, sym_handle *out, sym_error *error);

/* All keys, two texts each: the debug id or none, the URL or none. */
sym_status sym_archive_keys(sym_handle archive, sym_strings **out, sym_error *error);

/* Reads all maps from end to end and compares their checksums. */
sym_status sym_archive_verify(sym_handle archive, sym_error *error);

typedef struct sym_change {
  sym_handle map; /* gets the keys; 0: the keys are taken away */
  const sym_key *keys;
  size_t n;
  uint32_t flags; /* SYM_NO_SOURCES */
  uint32_t reserved;
} sym_change;

/* Changes the archive at the path, or makes it; all changes count at once, or none. Waits while another process changes
   it. Those who have it open see the changes when they reload. */
sym_status sym_archive_update(const char *path, size_t path_len, const sym_change *changes, size_t n,
                              sym_error *error);

/* Makes the file anew, without the space of maps that have no key any more. */
sym_status sym_archive_compact(const char *path, size_t path_len, sym_error *error);

/* ---- Stack traces ----------------------------------------------------------------------------- */

#define SYM_KIND_CODE 0
#define SYM_KIND_NATIVE 1
#define SYM_KIND_EVAL 2

typedef struct sym_frame {
  sym_str function, file;
  int64_t line, column; /* of bytecode (Hermes, WebAssembly) the column is 1 + the address */
  sym_str printed_function, printed_file; /* as printed; these are the same before symbolication */
  int64_t printed_line, printed_column;
  sym_str raw; /* the line as printed */
  sym_str name_source, module, map_name, reason, detail;
  sym_str context_line; /* none: no code; of a very long line, what stands around the column */
  int64_t context_cut;  /* UTF-16 code units that context_line lacks at its front, nearly always 0 */
  sym_strings pre_context, post_context;
  int32_t kind;
  int32_t mapped;
  int32_t in_app;
  int32_t symbolicated; /* 0: from sym_parse_stack */
  sym_str in;           /* nearest function with a name around one that has none */
  int32_t inlined;      /* 1: by the scopes of the map, inlined into the next frame's: the engine had no such frame */
  int32_t hidden;       /* 1: by the scopes of the map, made by the compiler */
} sym_frame;

typedef struct sym_stack {
  sym_str message;
  sym_str text; /* the whole trace, rewritten */
  size_t count;
  const sym_frame *frames; /* read by sym_stack_frame */
  size_t frame_size;       /* bytes from one to the next, more than sizeof(sym_frame) where the library is newer */
} sym_stack;

static inline const sym_frame *sym_stack_frame(const sym_stack *stack, size_t i) {
  return (const sym_frame *)((const char *)stack->frames + i * stack->frame_size);
}

sym_status sym_parse_stack(const char *text, size_t len, sym_stack **out, sym_error *error);

/* What a symbolicator does. All zeros, but for size, are the defaults. */
typedef struct sym_options {
  size_t size;           /* sizeof(sym_options) of the caller; what lies behind it counts as zero */
  int32_t context_lines; /* before and after a frame's line: 1 to 5, -1: none, 0: 5 */
  int32_t reserved;      /* 0 */
  int64_t cache_bytes;   /* that parsed maps may take; the one used last is always kept. 0: 512 MiB */
} sym_options;

/* A symbolicator searches its maps in folders or single files. options may be NULL. */
sym_status sym_symbolicator_new(const sym_str *paths, size_t n, const sym_options *options, sym_handle *out,
                                sym_error *error);

/* A minified file and its map. Each may be none, but one of url and debug_id must be there. */
typedef struct sym_artifact {
  sym_str url;        /* as frames name the file */
  sym_str debug_id;   /* none: taken from source, if it has one */
  sym_str source;     /* the minified file */
  sym_str source_map; /* none: source has it in a data URL, or its debug id or sourceMappingURL lead to it */
} sym_artifact;

/* Makes an artifact known; it takes the place of an earlier one of that URL. With SYM_BORROW source and source_map are
   not copied: they stay where they are, unchanged, until sym_close returns. */
sym_status sym_symbolicator_add(sym_handle symbolicator, const sym_artifact *artifact, uint32_t flags,
                                sym_error *error);

/* The result has more frames than the text where the scopes of a map tell of functions that were inlined. */
sym_status sym_symbolicate(sym_handle symbolicator, const char *text, size_t len, sym_stack **out, sym_error *error);

/* The same for frames that the caller has, the innermost first: their function, file, line, column, kind and raw are
   read. frame_size is sizeof(sym_frame). */
sym_status sym_symbolicate_frames(sym_handle symbolicator, const sym_frame *frames, size_t n, size_t frame_size,
                                  sym_stack **out, sym_error *error);

/* Many traces at once: trace i is the text from offsets[i] to offsets[i+1], of n+1 offsets in bytes. They are
   symbolicated by so many threads; 0 and 1: one. The results are two tables, each given back with sym_columns_release.
   Columns of traces: message (text), number of the first frame, number of frames. Columns of frames: */
#define SYM_FRAME_TRACE 0             /* number of its trace */
#define SYM_FRAME_FUNCTION 1          /* text */
#define SYM_FRAME_FILE 2              /* text */
#define SYM_FRAME_LINE 3              /* 1-based, 0: not given */
#define SYM_FRAME_COLUMN 4            /* 1-based, 0: not given */
#define SYM_FRAME_MAPPED 5            /* 0, 1 */
#define SYM_FRAME_IN_APP 6            /* 0, 1 */
#define SYM_FRAME_KIND 7              /* SYM_KIND_ */
#define SYM_FRAME_PRINTED_FUNCTION 8  /* text; this and the next three as printed */
#define SYM_FRAME_PRINTED_FILE 9      /* text */
#define SYM_FRAME_PRINTED_LINE 10
#define SYM_FRAME_PRINTED_COLUMN 11
#define SYM_FRAME_MODULE 12       /* text */
#define SYM_FRAME_NAME_SOURCE 13  /* text */
#define SYM_FRAME_MAP_NAME 14     /* text */
#define SYM_FRAME_REASON 15       /* text */
#define SYM_FRAME_CONTEXT_LINE 16 /* text */
#define SYM_FRAME_IN 17           /* text */
#define SYM_FRAME_INLINED 18      /* 0, 1 */
#define SYM_FRAME_COLUMNS 19

sym_status sym_symbolicate_many(sym_handle symbolicator, const char *text, const int64_t *offsets, size_t n,
                                uint32_t threads, sym_columns **traces, sym_columns **frames, sym_error *error);

/* The URL of a JavaScript file's sourceMappingURL comment: one text, or SYM_NOT_FOUND. */
sym_status sym_find_source_map_url(const void *source, size_t len, sym_strings **out, sym_error *error);

#ifdef __cplusplus
}
#endif
#endif
