/* What the Go side needs of columns.c besides symbolicate.h. */
#ifndef SYMBOLICATE_COLUMNS_H
#define SYMBOLICATE_COLUMNS_H

#include "include/symbolicate.h"

/* text_columns: bit i says that the numbers of column i are places in the list of texts, -1 for none. */
sym_columns *symc_columns_new(size_t columns, size_t rows, uint64_t text_columns, size_t texts, size_t bytes);
int32_t *symc_columns_starts(sym_columns *c); /* texts + 1, the first is 0 */
char *symc_columns_bytes(sym_columns *c);

#endif
