/*
 * Mistakes of a caller that a checker must find: so a check that finds nothing is known to look.
 *   usage: control none | leak | overrun | late
 */
#include <stdio.h>
#include <string.h>

#include "symbolicate.h"

static const char map[] = "{\"version\":3,\"sources\":[\"a.ts\"],\"names\":[],\"mappings\":\"AAAA\"}";

int main(int argc, char **argv) {
  const char *mistake = argc > 1 ? argv[1] : "none";
  sym_handle handle;
  sym_strings *sources, *again;
  if (sym_map_parse(map, sizeof map - 1, 0, &handle, NULL) != SYM_OK) return 2;
  if (sym_map_strings(handle, SYM_SOURCES, 0, 9, &sources, NULL) != SYM_OK) return 2;
  if (sym_map_strings(handle, SYM_SOURCES, 0, 9, &again, NULL) != SYM_OK) return 2;
  char seen = sources->items[0].data[0];
  if (!strcmp(mistake, "overrun")) seen = sources->items[0].data[sources->items[0].len + 1]; /* behind its NUL: the end */
  sym_free(sources);
  if (!strcmp(mistake, "late")) seen = sources->items[0].data[0];
  if (strcmp(mistake, "leak") != 0) sym_free(again);
  again = sources = NULL;
  sym_close(handle);
  printf("control, %s: %c\n", mistake, seen ? seen : '0');
  return 0;
}
