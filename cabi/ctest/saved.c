/*
 * Saved indexes: written, opened, damaged, and cut short while they are open, none of which may end the process.
 *   usage: saved FOLDER-OF-THE-SHOP-SAMPLE
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "symbolicate.h"

static sym_handle open_map(const char *path) {
  sym_handle map = 0;
  sym_error error;
  sym_status status = sym_map_open(path, strlen(path), 0, &map, &error);
  if (status != SYM_OK) fprintf(stderr, "%s\n", error.message);
  CHECK(status == SYM_OK);
  return map;
}

/* A map with so many lines of one mapping each: large enough to be mapped into memory. */
static char *large_map(size_t lines, size_t *len) {
  static const char head[] = "{\"version\":3,\"sources\":[\"a.js\"],\"names\":[],\"mappings\":\"", tail[] = "\"}";
  char *text = malloc(sizeof head + 6 * lines + sizeof tail), *end = text + sizeof head - 1;
  memcpy(text, head, sizeof head - 1);
  for (size_t i = 0; i < lines; i++, end += 6) memcpy(end, i % 3 ? "AAQC;;" : "wHAAG;", 6);
  memcpy(end, tail, sizeof tail - 1);
  *len = (size_t)(end - text) + sizeof tail - 1;
  return text;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  char map_path[1000], folder[] = "/tmp/symbolicate-saved-XXXXXX", index_path[100];
  snprintf(map_path, sizeof map_path, "%s/dist/terser-names/shop.min.js.map", argv[1]);
  CHECK(mkdtemp(folder));
  snprintf(index_path, sizeof index_path, "%s/index", folder);
  sym_error error;

  /* What was saved answers as the map does. */
  sym_handle map = open_map(map_path);
  CHECK(sym_map_save(map, index_path, strlen(index_path), 0, &error) == SYM_OK);
  CHECK(sym_map_save(map, index_path, strlen(index_path), 8, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_save(map, "/nowhere/at/all", 15, 0, &error) == SYM_ERR_IO);
  sym_handle saved = open_map(index_path);
  CHECK(sym_map_verify(saved, &error) == SYM_OK && sym_map_verify(map, &error) == SYM_OK);
  for (int column = 0; column < 5000; column += 7) {
    sym_mapping a = {0}, b = {0};
    CHECK(sym_map_lookup(map, 0, column, &a, &error) == sym_map_lookup(saved, 0, column, &b, &error));
    CHECK(!memcmp(&a, &b, sizeof a));
  }
  sym_strings *texts, *saved_texts;
  CHECK(sym_map_strings(map, SYM_SOURCE_TEXTS, 0, 100, &texts, &error) == SYM_OK);
  CHECK(sym_map_strings(saved, SYM_SOURCE_TEXTS, 0, 100, &saved_texts, &error) == SYM_OK);
  CHECK(texts->count == saved_texts->count && texts->count > 5);
  for (size_t i = 0; i < texts->count; i++) CHECK(!strcmp(texts->items[i].data, saved_texts->items[i].data));
  sym_free(texts);
  sym_free(saved_texts);
  CHECK(sym_close(map) == SYM_OK && sym_close(saved) == SYM_OK);

  /* A file cut short while it is open: errors, no SIGBUS. Then nothing of it. */
  size_t len;
  char *text = large_map(100000, &len);
  CHECK(sym_map_parse(text, len, 0, &map, &error) == SYM_OK);
  free(text);
  CHECK(sym_map_save(map, index_path, strlen(index_path), 0, &error) == SYM_OK);
  saved = open_map(index_path);
  struct stat info;
  CHECK(!stat(index_path, &info) && info.st_size > 200000);
  CHECK(!truncate(index_path, 4096));
  int failures = 0;
  for (int line = 0; line < 160000; line += 100) {
    sym_mapping a = {0}, b = {0};
    sym_status status = sym_map_lookup(saved, line, 1000, &b, &error);
    if (status < 0) {
      CHECK(status == SYM_ERR_IO || status == SYM_ERR_PARSE);
      failures++;
    } else {
      CHECK(status == sym_map_lookup(map, line, 1000, &a, &error) && !memcmp(&a, &b, sizeof a));
    }
  }
  CHECK(failures > 1000);
  CHECK(sym_map_verify(saved, &error) < 0);
  CHECK(sym_close(saved) == SYM_OK);
  CHECK(sym_map_open(index_path, strlen(index_path), 0, &saved, &error) == SYM_ERR_PARSE);

  /* Damaged: the checksum says so at the first touch. */
  CHECK(sym_map_save(map, index_path, strlen(index_path), 0, &error) == SYM_OK);
  int file = open(index_path, O_RDWR);
  CHECK(file >= 0);
  char byte;
  CHECK(pread(file, &byte, 1, info.st_size / 2) == 1);
  byte ^= 1;
  CHECK(pwrite(file, &byte, 1, info.st_size / 2) == 1 && !close(file));
  saved = open_map(index_path);
  CHECK(sym_map_verify(saved, &error) == SYM_ERR_PARSE && strstr(error.message, "damaged"));
  CHECK(sym_close(saved) == SYM_OK && sym_close(map) == SYM_OK);

  CHECK(!unlink(index_path) && !rmdir(folder));
  printf("saved: %d checks\n", checks);
  return 0;
}
