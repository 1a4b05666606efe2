/*
 * The C library as a C program uses it: every function, every kind of bad argument, threads that race
 * close against lookup, and a child of fork().   usage: api FOLDER-OF-THE-SHOP-SAMPLE
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "symbolicate.h"

static const char map_text[] =
    "{\"version\":3,\"file\":\"app.js\",\"sources\":[\"a.ts\",null],\"sourcesContent\":[\"let a\",null],"
    "\"names\":[\"total\"],\"mappings\":\"AAAAA,UACI,I\",\"ignoreList\":[1]}";

static sym_handle parse(const char *text, uint32_t flags) {
  sym_handle map = 0;
  sym_error error;
  CHECK(sym_map_parse(text, strlen(text), flags, &map, &error) == SYM_OK);
  CHECK(map != 0);
  return map;
}

static int64_t open_handles(void) {
  sym_stats stats;
  CHECK(sym_get_stats(&stats) == SYM_OK);
  return stats.handles;
}

static int equal(sym_str s, const char *text) { return s.data && s.len == strlen(text) && !memcmp(s.data, text, s.len + 1); }

static void test_map(uint32_t flags) {
  sym_error error;
  sym_handle map = parse(map_text, flags);
  sym_map_info info;
  CHECK(sym_map_get_info(map, &info, &error) == SYM_OK);
  CHECK(info.mappings == 3 && info.sources == 2 && info.names == 1 && info.problems == 0 && !info.indexed);

  sym_mapping m;
  CHECK(sym_map_lookup(map, 0, 9, &m, &error) == SYM_OK);
  CHECK(m.generated_line == 0 && m.generated_column == 0 && m.source == 0 && m.line == 0 && m.column == 0 && m.name == 0);
  CHECK(sym_map_lookup(map, 0, 10, &m, &error) == SYM_OK);
  CHECK(m.line == 1 && m.column == 4 && m.name == -1);
  CHECK(sym_map_lookup(map, 0, 14, &m, &error) == SYM_NOT_FOUND);
  CHECK(sym_map_lookup(map, 1, 0, &m, &error) == SYM_NOT_FOUND);
  CHECK(sym_map_lookup_across_lines(map, 1, 0, &m, &error) == SYM_NOT_FOUND);
  CHECK(sym_map_lookup(map, -1, -1, &m, NULL) == SYM_NOT_FOUND);

  int32_t lines[3] = {0, 0, 5}, columns[3] = {3, 12, 0}, source[3], line[3], column[3], name[3];
  CHECK(sym_map_lookup_many(map, 3, lines, columns, source, line, column, name, &error) == SYM_OK);
  CHECK(source[0] == 0 && line[1] == 1 && column[1] == 4 && name[0] == 0 && name[1] == -1);
  CHECK(source[2] == -1 && line[2] == -1 && column[2] == -1 && name[2] == -1);
  CHECK(sym_map_lookup_many(map, 0, lines, columns, source, line, column, name, &error) == SYM_OK);

  sym_strings *names;
  CHECK(sym_map_function_at(map, 0, 9, &names, &error) == SYM_OK && names->count == 2 && !names->items[0].data);
  sym_free(names);
  CHECK(sym_map_function_at(map, 0, 14, &names, &error) == SYM_NOT_FOUND);
  CHECK(sym_map_function_at(map, 0, 14, NULL, &error) == SYM_ERR_ARGUMENT);

  sym_columns *all;
  CHECK(sym_map_mappings(map, &all, &error) == SYM_OK && sym_columns_rows(all) == 3);
  static const int32_t want[] = {0, 0, 0, 0, 10, 14, 0, 0, -1, 0, 1, -1, 0, 4, -1, 0, -1, -1};
  CHECK(!memcmp(sym_columns_values(all), want, sizeof want));
  sym_columns_release(all);
  CHECK(sym_map_mappings(map, NULL, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_mappings_back(map, 7, 0, 2, &all, &error) == SYM_OK && sym_columns_rows(all) == 2);
  static const int32_t back[] = {0, 0, 14, 10, -1, 0, -1, 1, -1, 4, -1, -1};
  CHECK(!memcmp(sym_columns_values(all), back, sizeof back));
  sym_columns_release(all);
  CHECK(sym_map_mappings_back(map, -1, 0, SIZE_MAX, &all, &error) == SYM_OK && sym_columns_rows(all) == 0);
  sym_columns_release(all);

  sym_strings *texts;
  CHECK(sym_map_strings(map, SYM_SOURCES, 0, SIZE_MAX, &texts, &error) == SYM_OK);
  CHECK(texts->count == 2 && equal(texts->items[0], "a.ts") && !texts->items[1].data);
  sym_free(texts);
  CHECK(sym_map_strings(map, SYM_NAMES, 1, 5, &texts, &error) == SYM_OK);
  CHECK(texts->count == 0);
  sym_free(texts);
  CHECK(sym_map_strings(map, SYM_SOURCE_TEXTS, 0, 1, &texts, &error) == SYM_OK);
  sym_strings *source_lines;
  CHECK(sym_map_source_lines(map, 0, 0, SIZE_MAX, &source_lines, &error) == SYM_OK);
  CHECK(source_lines->count == 1 && equal(source_lines->items[0], "let a"));
  sym_free(source_lines);
  CHECK(sym_map_source_lines(map, 0, SIZE_MAX, SIZE_MAX, &source_lines, &error) == SYM_OK && source_lines->count == 0);
  sym_free(source_lines);
  CHECK(sym_map_source_lines(map, SIZE_MAX, 0, 1, &source_lines, &error) == SYM_NOT_FOUND);
  int32_t ignored;
  CHECK(sym_map_ignored(map, 1, &ignored, &error) == SYM_OK && ignored == 1);
  CHECK(sym_map_ignored(map, 2, &ignored, &error) == SYM_ERR_ARGUMENT);

  CHECK(sym_close(map) == SYM_OK);
  CHECK(equal(texts->items[0], "let a")); /* results outlive their handle */
  sym_free(texts);

  CHECK(sym_close(map) == SYM_ERR_CLOSED);
  CHECK(sym_map_lookup(map, 0, 0, &m, &error) == SYM_ERR_CLOSED);
  CHECK(error.status == SYM_ERR_CLOSED && error.offset == -1 && strlen(error.message) == error.message_len);
}

static void test_stale_handle(void) {
  sym_mapping m;
  sym_handle old = parse(map_text, 0);
  sym_close(old);
  sym_handle new = parse(map_text, 0); /* takes the slot of the old one */
  CHECK(old != new);
  CHECK(sym_map_lookup(old, 0, 0, &m, NULL) == SYM_ERR_CLOSED);
  CHECK(sym_close(old) == SYM_ERR_CLOSED);
  CHECK(sym_map_lookup(new, 0, 0, &m, NULL) == SYM_OK);
  CHECK(sym_close(new) == SYM_OK);
  for (sym_handle wrong = 0; wrong < 1000; wrong++) sym_close(wrong << 31 | wrong);
  sym_close(UINT64_MAX);
}

/* Of a map without texts the generated code tells the function, and the map its name. */
static void test_code(void) {
  static const char text[] = "{\"version\":3,\"sources\":[\"a.ts\"],\"names\":[\"total\"],\"mappings\":\"SAASA,MAAC\"}";
  static const char code[] = "function t(){return 1}";
  char path[] = "/tmp/symbolicate-code-XXXXXX";
  sym_handle map;
  sym_error error;
  sym_strings *names;
  int file = mkstemp(path);
  CHECK(file >= 0 && write(file, text, sizeof text - 1) == sizeof text - 1 && !close(file));
  map = parse(text, SYM_FUNCTIONS);
  CHECK(sym_map_function_at(map, 0, 14, &names, &error) == SYM_NOT_FOUND);
  sym_close(map);
  for (int i = 0; i < 2; i++) {
    sym_status status = i ? sym_map_parse_with_code(text, sizeof text - 1, code, sizeof code - 1, SYM_STRICT, &map, &error)
                          : sym_map_open_with_code(path, strlen(path), code, sizeof code - 1, SYM_FUNCTIONS, &map, &error);
    CHECK(status == SYM_OK);
    CHECK(sym_map_function_at(map, 0, 17, &names, &error) == SYM_OK && !strcmp(names->items[0].data, "total"));
    sym_free(names);
    sym_close(map);
  }
  CHECK(sym_map_parse_with_code(text, sizeof text - 1, NULL, 1, 0, &map, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_parse_with_code(text, sizeof text - 1, code, SIZE_MAX, 0, &map, &error) == SYM_ERR_LIMIT);
  CHECK(sym_map_parse_with_code(text, sizeof text - 1, code, 3, 8, &map, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_open_with_code(path, strlen(path), NULL, 1, 0, &map, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_open_with_code(path, strlen(path), code, 3, SYM_BORROW, &map, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_open_with_code(path, strlen(path), NULL, 0, 0, &map, &error) == SYM_OK);
  sym_close(map);
  unlink(path);
}

static void test_bad_input(const char *shop) {
  static const struct {
    const char *text;
    sym_status status;
    int64_t offset;
  } cases[] = {
      {"", SYM_ERR_PARSE, 0},
      {"<html>", SYM_ERR_PARSE, 0},
      {"{\"version\":3", SYM_ERR_PARSE, 12},
      {"{\"version\":3,\"sources\":[]}", SYM_ERR_PARSE, 0},
      {"{} x", SYM_ERR_PARSE, 3},
  };
  sym_error error;
  sym_handle map;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    CHECK(sym_map_parse(cases[i].text, strlen(cases[i].text), 0, &map, &error) == cases[i].status);
    CHECK(error.status == cases[i].status && error.offset == cases[i].offset && error.message_len > 0);
    CHECK(!strchr(error.message, '\n'));
  }
  CHECK(sym_map_parse(NULL, 0, 0, &map, NULL) == SYM_ERR_PARSE);
  CHECK(sym_map_parse(NULL, 1, 0, &map, NULL) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_parse("{}", SIZE_MAX, 0, &map, NULL) == SYM_ERR_LIMIT);
  CHECK(sym_map_parse("{}", 2, 0x80, &map, NULL) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_parse("{}", 2, 0, NULL, NULL) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_open("/nowhere/at/all", 15, 0, &map, &error) == SYM_ERR_IO);
  CHECK(sym_map_open(shop, strlen(shop), 0, &map, &error) == SYM_ERR_IO);
  map = parse(map_text, 0);
  sym_strings *texts;
  sym_stack *stack;
  CHECK(sym_map_lookup(map, 0, 0, NULL, NULL) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_lookup_many(map, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL) == SYM_ERR_ARGUMENT);
  CHECK(sym_map_strings(map, 99, 0, 1, &texts, NULL) == SYM_ERR_ARGUMENT);
  CHECK(sym_symbolicate(map, "x", 1, &stack, &error) == SYM_ERR_CLOSED); /* a map is no symbolicator */
  CHECK(sym_parse_stack(NULL, 9, &stack, NULL) == SYM_ERR_ARGUMENT);
  CHECK(sym_get_stats(NULL) == SYM_ERR_ARGUMENT);
  CHECK(sym_close(map) == SYM_OK);
  sym_free(NULL);
}

/* Options that a later version may have are refused where they ask for something, and left alone where they do not. */
static void test_options(void) {
  struct {
    sym_options known;
    int64_t later;
  } o = {{.size = sizeof o, .context_lines = -1, .cache_bytes = 1000}, 0};
  sym_handle s;
  sym_error error;
  CHECK(sym_symbolicator_new(NULL, 0, &o.known, &s, &error) == SYM_OK && sym_close(s) == SYM_OK);
  o.later = 1;
  CHECK(sym_symbolicator_new(NULL, 0, &o.known, &s, &error) == SYM_ERR_ARGUMENT);
  o.later = 0;
  o.known.context_lines = 6;
  CHECK(sym_symbolicator_new(NULL, 0, &o.known, &s, &error) == SYM_ERR_ARGUMENT);
  o.known.size = offsetof(sym_options, context_lines); /* an older one: the rest is not looked at */
  CHECK(sym_symbolicator_new(NULL, 0, &o.known, &s, &error) == SYM_OK && sym_close(s) == SYM_OK);
  o.known.size = 0;
  CHECK(sym_symbolicator_new(NULL, 0, &o.known, &s, &error) == SYM_ERR_ARGUMENT);
}

/* Destructors for variables. */
static void test_clear(void) {
  sym_handle map = parse(map_text, 0);
  sym_strings *names = NULL;
  sym_clear_result(&names);
  CHECK(sym_map_strings(map, SYM_NAMES, 0, 1, &names, NULL) == SYM_OK);
  sym_clear_handle(&map);
  CHECK(map == 0 && open_handles() == 0);
  sym_clear_handle(&map);
  CHECK(equal(names->items[0], "total"));
  sym_clear_result(&names);
  CHECK(names == NULL);
  sym_columns *c = NULL;
  sym_error error;
  CHECK(sym_columns_new(0, 1, &c, &error) == SYM_ERR_ARGUMENT && error.status == SYM_ERR_ARGUMENT);
  CHECK(sym_columns_new(65, 1, &c, NULL) == SYM_ERR_ARGUMENT && sym_columns_new(1, 1, NULL, NULL) == SYM_ERR_ARGUMENT);
  CHECK(sym_columns_new(2, SIZE_MAX / 4, &c, &error) == SYM_ERR_MEMORY && !c && strlen(error.message) == error.message_len);
  CHECK(sym_columns_new(4, 3, &c, &error) == SYM_OK && sym_columns_rows(c) == 3);
  for (int i = 0; i < 12; i++) sym_columns_values(c)[i] = i;
  sym_str text;
  CHECK(sym_columns_texts(c) == 0 && sym_columns_text(c, 0, &text) == SYM_ERR_ARGUMENT);
  sym_clear_columns(&c);
  CHECK(c == NULL);
  sym_clear_columns(&c);
}

static void test_symbolicate(const char *shop) {
  char path[4096], trace[65536];
  snprintf(path, sizeof path, "%s/traces/terser-names/node-checkout.txt", shop);
  FILE *f = fopen(path, "rb");
  CHECK(f != NULL);
  size_t n = fread(trace, 1, sizeof trace, f);
  fclose(f);
  snprintf(path, sizeof path, "%s/dist/terser-names", shop);

  sym_error error;
  sym_handle s;
  sym_str paths = {path, strlen(path)};
  CHECK(sym_symbolicator_new(&paths, 1, NULL, &s, &error) == SYM_OK);
  sym_stack *stack;
  CHECK(sym_symbolicate(s, trace, n, &stack, &error) == SYM_OK);
  CHECK(stack->count == 10);
  const sym_frame *top = sym_stack_frame(stack, 0);
  CHECK(equal(top->file, "../../src/numbers.ts") && top->line == 7 && top->column == 40 && top->mapped && top->symbolicated);
  CHECK(top->printed_line == 2 || top->printed_line == 1);
  CHECK(strstr(top->context_line.data, "throw") && top->pre_context.count == 5 && top->post_context.count <= 5);
  CHECK(strstr(stack->text.data, "src/numbers.ts:7:40"));
  CHECK(!sym_stack_frame(stack, 6)->mapped && sym_stack_frame(stack, 6)->kind == SYM_KIND_NATIVE && equal(sym_stack_frame(stack, 6)->reason, "native"));
  sym_free(stack);

  CHECK(sym_parse_stack(trace, n, &stack, &error) == SYM_OK);
  CHECK(stack->count == 10 && !sym_stack_frame(stack, 0)->symbolicated && stack->text.len == n && !memcmp(stack->text.data, trace, n));
  sym_free(stack);

  sym_artifact nothing = {0}, artifact = {.url = {"u.js", 4}, .source_map = {map_text, sizeof map_text - 1}};
  CHECK(sym_symbolicator_add(s, &nothing, 0, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_symbolicator_add(s, NULL, 0, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_symbolicator_add(s, &artifact, 4, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_symbolicator_add(s, &artifact, SYM_BORROW, &error) == SYM_OK);
  CHECK(sym_symbolicate(s, "at f (u.js:1:1)", 15, &stack, &error) == SYM_OK);
  CHECK(stack->count == 1 && sym_stack_frame(stack, 0)->mapped && equal(sym_stack_frame(stack, 0)->file, "a.ts"));
  sym_free(stack);

  sym_frame frames[2] = {{.function = {"f", 1}, .file = {"u.js", 4}, .line = 1, .column = 1}, {.kind = SYM_KIND_NATIVE}};
  CHECK(sym_symbolicate_frames(s, frames, 2, sizeof *frames, &stack, &error) == SYM_OK && stack->count == 2);
  CHECK(sym_stack_frame(stack, 0)->mapped && equal(sym_stack_frame(stack, 0)->file, "a.ts"));
  CHECK(equal(sym_stack_frame(stack, 1)->reason, "native"));
  sym_free(stack);
  CHECK(sym_symbolicate_frames(s, NULL, 0, sizeof *frames, &stack, &error) == SYM_OK && stack->count == 0);
  sym_free(stack);
  CHECK(sym_symbolicate_frames(s, frames, 2, sizeof *frames - 1, &stack, &error) == SYM_ERR_ARGUMENT);
  frames[1].kind = 9;
  CHECK(sym_symbolicate_frames(s, frames, 2, sizeof *frames, &stack, &error) == SYM_ERR_ARGUMENT);
  CHECK(sym_close(s) == SYM_OK);

  sym_str nowhere = {"/nowhere", 8};
  CHECK(sym_symbolicator_new(&nowhere, 1, NULL, &s, &error) == SYM_ERR_IO);
  test_options();

  sym_strings *link;
  CHECK(sym_find_source_map_url("//# sourceMappingURL=x.map", 26, &link, &error) == SYM_OK);
  CHECK(link->count == 1 && equal(link->items[0], "x.map"));
  sym_free(link);
  CHECK(sym_find_source_map_url("x", 1, &link, &error) == SYM_NOT_FOUND);
}

static sym_handle raced;

static void *look_up(void *unused) {
  (void)unused;
  sym_status status;
  sym_mapping m;
  sym_strings *texts;
  do {
    status = sym_map_lookup(raced, 0, 0, &m, NULL);
    if (sym_map_strings(raced, SYM_NAMES, 0, 9, &texts, NULL) == SYM_OK) sym_free(texts);
  } while (status == SYM_OK);
  return (void *)(intptr_t)status;
}

/* Memory that was lent is overwritten as soon as sym_close has returned. */
static void test_close_races_lookup(void) {
  const char *rounds = getenv("CTEST_ROUNDS"); /* fewer where a checker makes all slow */
  for (int round = rounds ? atoi(rounds) : 200; round > 0; round--) {
    char *lent = strdup(map_text);
    raced = parse(lent, SYM_BORROW);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, look_up, NULL);
    CHECK(sym_close(raced) == SYM_OK);
    memset(lent, '#', sizeof map_text - 1);
    free(lent);
    for (int i = 0; i < 4; i++) {
      void *status;
      pthread_join(threads[i], &status);
      CHECK((intptr_t)status == SYM_ERR_CLOSED);
    }
  }
}

/* In a child every call answers at once, and results can still be read. */
static void test_fork(void) {
  sym_handle map = parse(map_text, 0);
  sym_strings *names;
  CHECK(sym_map_strings(map, SYM_NAMES, 0, 1, &names, NULL) == SYM_OK);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    sym_error error;
    sym_mapping m;
    sym_handle other;
    CHECK(sym_map_lookup(map, 0, 0, &m, &error) == SYM_ERR_FORKED);
    CHECK(error.status == SYM_ERR_FORKED && strlen(error.message) == error.message_len);
    CHECK(sym_map_parse(map_text, 2, 0, &other, NULL) == SYM_ERR_FORKED);
    CHECK(sym_close(map) == SYM_ERR_FORKED);
    sym_clear_handle(&map);
    CHECK(map == 0);
    CHECK(equal(names->items[0], "total"));
    CHECK(sym_abi_version() == SYM_ABI_VERSION);
    sym_clear_result(&names);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  sym_mapping m;
  CHECK(sym_map_lookup(map, 0, 0, &m, NULL) == SYM_OK);
  sym_free(names);
  CHECK(sym_close(map) == SYM_OK);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  CHECK(sym_abi_version() == SYM_ABI_VERSION && !strcmp(sym_version(), SYM_VERSION));
  test_map(0);
  test_map(SYM_BORROW);
  test_stale_handle();
  test_clear();
  test_code();
  test_bad_input(argv[1]);
  test_symbolicate(argv[1]);
  test_close_races_lookup();
  CHECK(open_handles() == 0);
  test_fork();
  CHECK(sym_trim() == SYM_OK);
  printf("api: %d checks\n", checks);
  return 0;
}
