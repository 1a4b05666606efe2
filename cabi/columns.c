/*
 * Columns of 32-bit integers in one block that several may own: Python's views of it, and arrays of Arrow's C data
 * interface. A column may be one of texts: then its numbers are places in a list of distinct texts, which follows the
 * columns in the block. Nothing here enters Go, so it works in a child of fork() as well.
 */
#include "columns.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct sym_columns {
  atomic_size_t owners;
  size_t columns, rows, texts;
  uint64_t text_columns; /* bit i: column i is one of texts */
  int32_t *starts;       /* of each text in bytes, and the end of the last */
  char *bytes;
  int32_t values[]; /* column by column */
};

sym_columns *symc_columns_new(size_t columns, size_t rows, uint64_t text_columns, size_t texts, size_t bytes) {
  const size_t most = SIZE_MAX / 8;
  if (columns == 0 || columns > 64 || rows > most / columns / sizeof(int32_t) || texts > most / sizeof(int32_t) || bytes > most)
    return NULL;
  size_t numbers = columns * rows;
  sym_columns *c = malloc(sizeof *c + (numbers + texts + 1) * sizeof(int32_t) + bytes);
  if (!c) return NULL;
  atomic_init(&c->owners, 1);
  c->columns = columns;
  c->rows = rows;
  c->texts = texts;
  c->text_columns = text_columns;
  c->starts = c->values + numbers;
  c->starts[0] = 0;
  c->bytes = (char *)(c->starts + texts + 1);
  return c;
}

int32_t *symc_columns_starts(sym_columns *c) { return c->starts; }
char *symc_columns_bytes(sym_columns *c) { return c->bytes; }

static sym_status fail(sym_error *error, sym_status status, const char *words) {
  if (error) {
    error->status = status;
    error->offset = -1;
    error->message_len = (uint32_t)strlen(words);
    memcpy(error->message, words, error->message_len + 1);
  }
  return status;
}

sym_status sym_columns_new(size_t columns, size_t rows, sym_columns **out, sym_error *error) {
  if (!out || columns == 0 || columns > 64) return fail(error, SYM_ERR_ARGUMENT, "no place for the columns, or not 1 to 64 of them");
  sym_columns *c = symc_columns_new(columns, rows, 0, 0, 0);
  if (!c) return fail(error, SYM_ERR_MEMORY, "no memory for the columns");
  *out = c;
  return SYM_OK;
}

int32_t *sym_columns_values(sym_columns *c) { return c->values; }

size_t sym_columns_rows(const sym_columns *c) { return c->rows; }

size_t sym_columns_texts(const sym_columns *c) { return c->texts; }

sym_status sym_columns_text(const sym_columns *c, size_t i, sym_str *out) {
  if (i >= c->texts) return SYM_ERR_ARGUMENT;
  *out = (sym_str){c->bytes + c->starts[i], (size_t)(c->starts[i + 1] - c->starts[i])};
  return SYM_OK;
}

void sym_columns_keep(sym_columns *c) { atomic_fetch_add(&c->owners, 1); }

void sym_columns_release(sym_columns *c) {
  if (c && atomic_fetch_sub(&c->owners, 1) == 1) free(c);
}

void sym_clear_columns(sym_columns **c) {
  sym_columns_release(*c);
  *c = NULL;
}

/* Each schema and array has an allocation of its own, so that a consumer may move a child out of its parent. */

static void release_schema(struct ArrowSchema *schema) {
  for (int64_t i = 0; i < schema->n_children; i++)
    if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
  if (schema->dictionary && schema->dictionary->release) schema->dictionary->release(schema->dictionary);
  free(schema->private_data);
  schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
  for (int64_t i = 0; i < array->n_children; i++)
    if (array->children[i]->release) array->children[i]->release(array->children[i]);
  if (array->dictionary && array->dictionary->release) array->dictionary->release(array->dictionary);
  free(array->private_data);
  array->release = NULL;
}

#define NULLABLE 2 /* ARROW_FLAG_NULLABLE */

/* What a column's schema points to. */
struct column_schema {
  struct ArrowSchema dictionary;
  char name[];
};

static int column_schema(const sym_columns *c, size_t i, const char *name, struct ArrowSchema *out) {
  size_t len = strlen(name) + 1;
  struct column_schema *own = calloc(1, sizeof *own + len);
  if (!own) return 0;
  memcpy(own->name, name, len);
  *out = (struct ArrowSchema){.format = "i", .name = own->name, .release = release_schema, .private_data = own};
  if (c->text_columns >> i & 1) {
    own->dictionary = (struct ArrowSchema){.format = "u", .name = "", .release = release_schema};
    out->dictionary = &own->dictionary;
    out->flags = NULLABLE;
  }
  return 1;
}

static int export_schema(const sym_columns *c, const char *const *names, struct ArrowSchema *out) {
  size_t n = c->columns;
  struct ArrowSchema **pointers = calloc(1, n * (sizeof *pointers + sizeof **pointers));
  if (!pointers) return 0;
  struct ArrowSchema *children = (struct ArrowSchema *)(pointers + n);
  *out = (struct ArrowSchema){.format = "+s", .name = "", .children = pointers, .release = release_schema, .private_data = pointers};
  for (size_t i = 0; i < n; i++) {
    pointers[i] = &children[i];
    if (!column_schema(c, i, names[i], &children[i])) {
      release_schema(out);
      return 0;
    }
    out->n_children++;
  }
  return 1;
}

/* What a column's array points to. */
struct column_array {
  sym_columns *columns;
  const void *buffers[2];
  struct ArrowArray dictionary;
  uint8_t bitmap[];
};

struct text_array {
  sym_columns *columns;
  const void *buffers[3];
};

static void release_column(struct ArrowArray *array) {
  sym_columns_release(((struct column_array *)array->private_data)->columns);
  release_array(array);
}

static void release_texts(struct ArrowArray *array) {
  sym_columns_release(((struct text_array *)array->private_data)->columns);
  release_array(array);
}

static int text_array(sym_columns *c, struct ArrowArray *out) {
  struct text_array *own = malloc(sizeof *own);
  if (!own) return 0;
  sym_columns_keep(c);
  *own = (struct text_array){c, {NULL, c->starts, c->bytes}};
  *out = (struct ArrowArray){.length = (int64_t)c->texts, .n_buffers = 3, .buffers = own->buffers, .release = release_texts, .private_data = own};
  return 1;
}

static int column_array(sym_columns *c, size_t i, struct ArrowArray *out) {
  int texts = c->text_columns >> i & 1;
  struct column_array *own = calloc(1, sizeof *own + (texts ? (c->rows + 7) / 8 : 0));
  if (!own) return 0;
  const int32_t *values = c->values + i * c->rows;
  own->columns = c;
  own->buffers[1] = values;
  sym_columns_keep(c);
  *out = (struct ArrowArray){.length = (int64_t)c->rows, .n_buffers = 2, .buffers = own->buffers, .release = release_column, .private_data = own};
  if (!texts) return 1;
  for (size_t k = 0; k < c->rows; k++) {
    if (values[k] >= 0)
      own->bitmap[k / 8] |= (uint8_t)(1u << k % 8);
    else
      out->null_count++;
  }
  own->buffers[0] = own->bitmap;
  if (!text_array(c, &own->dictionary)) {
    release_column(out);
    return 0;
  }
  out->dictionary = &own->dictionary;
  return 1;
}

static int export_array(sym_columns *c, struct ArrowArray *out) {
  static const void *no_bitmap[1];
  size_t n = c->columns;
  struct ArrowArray **pointers = calloc(1, n * (sizeof *pointers + sizeof **pointers));
  if (!pointers) return 0;
  struct ArrowArray *children = (struct ArrowArray *)(pointers + n);
  *out = (struct ArrowArray){.length = (int64_t)c->rows, .n_buffers = 1, .buffers = no_bitmap, .children = pointers,
                             .release = release_array, .private_data = pointers};
  for (size_t i = 0; i < n; i++) {
    pointers[i] = &children[i];
    if (!column_array(c, i, &children[i])) {
      release_array(out);
      return 0;
    }
    out->n_children++;
  }
  return 1;
}

sym_status sym_columns_export(sym_columns *c, const char *const *names, struct ArrowSchema *schema,
                              struct ArrowArray *array, sym_error *error) {
  memset(schema, 0, sizeof *schema);
  memset(array, 0, sizeof *array);
  if (!export_schema(c, names, schema)) return fail(error, SYM_ERR_MEMORY, "no memory for an export");
  if (!export_array(c, array)) {
    schema->release(schema);
    return fail(error, SYM_ERR_MEMORY, "no memory for an export");
  }
  return SYM_OK;
}
