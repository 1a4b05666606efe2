/* A child of fork() goes on with its parent's maps in a fresh copy of the library, as symbolicate.h says. */
#define _GNU_SOURCE
#include "check.h"
#include "symbolicate.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char small[] = "{\"version\":3,\"sources\":[\"a.ts\"],\"sourcesContent\":[\"let a\"],\"names\":[\"n\"],\"mappings\":\"AAAAA,SACA\"}";

/* A map whose index is a mapping of its own. */
static char *large(size_t *len) {
  size_t lines = 3000, columns = 60, room = 200 + lines * (columns * 5 + 8);
  char *text = malloc(room), *at = text;
  at += sprintf(at, "{\"version\":3,\"sources\":[\"a.ts\"],\"sourcesContent\":[\"let a\"],\"names\":[\"n\"],\"mappings\":\"AAAAA");
  for (size_t i = 0; i < lines; i++) {
    at += sprintf(at, ";AACA");
    for (size_t k = 0; k < columns; k++) at += sprintf(at, ",%s", k % 3 ? "IAGC" : "KADK");
  }
  at += sprintf(at, "\"}");
  *len = (size_t)(at - text);
  return text;
}

/* Loads a copy of the file that this process has the library from. */
static void *copy_of_library(void) {
  Dl_info info;
  CHECK(dladdr((void *)sym_map_parse, &info));
  int from = open(info.dli_fname, O_RDONLY), to = memfd_create("libsymbolicate.so", MFD_CLOEXEC);
  CHECK(from >= 0 && to >= 0);
  char buffer[1 << 16];
  for (ssize_t n; (n = read(from, buffer, sizeof buffer)) != 0;) CHECK(n > 0 && write(to, buffer, (size_t)n) == n);
  char name[64];
  snprintf(name, sizeof name, "/proc/%d/fd/%d", getpid(), to);
  CHECK(dlopen(name, RTLD_NOW | RTLD_NOLOAD) == NULL);
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  CHECK(library);
  close(from);
  close(to);
  return library;
}

enum { maps = 4 };
static sym_handle handles[maps];
static sym_memory memories[maps];
static sym_mapping answers[maps];

static void child(int depth) {
  sym_error error;
  sym_mapping found;
  CHECK(sym_map_lookup(handles[0], 0, 0, &found, &error) == SYM_ERR_FORKED);
  CHECK(error.status == SYM_ERR_FORKED && strstr(error.message, "fork"));
  CHECK(sym_close(handles[0]) == SYM_ERR_FORKED);
  void *library = copy_of_library();
  sym_status (*inherit)(const sym_memory *, sym_handle *, sym_error *) = (void *)0;
  sym_status (*lookup)(sym_handle, int32_t, int32_t, sym_mapping *, sym_error *) = (void *)0;
  sym_status (*give_back)(sym_handle) = (void *)0;
  *(void **)&inherit = dlsym(library, "sym_map_inherit");
  *(void **)&lookup = dlsym(library, "sym_map_lookup");
  *(void **)&give_back = dlsym(library, "sym_close");
  CHECK(inherit && lookup && give_back);
  CHECK(lookup(handles[0], 0, 0, &found, &error) == SYM_ERR_CLOSED);
  sym_memory wrong = memories[0];
  sym_handle handle;
  wrong.version++;
  CHECK(inherit(&wrong, &handle, &error) == SYM_ERR_ARGUMENT);
  CHECK(inherit(NULL, &handle, NULL) == SYM_ERR_ARGUMENT);
  memset(&wrong, 0, sizeof wrong);
  wrong.version = memories[0].version;
  CHECK(inherit(&wrong, &handle, &error) < 0);
  if (depth > 1) { /* a fork of the child inherits as well, before the child has freed anything */
    pid_t pid = fork();
    if (pid == 0) {
      child(depth - 1);
      _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
  for (int i = 0; i < maps; i++) {
    CHECK(inherit(&memories[i], &handle, &error) == SYM_OK);
    CHECK(lookup(handle, 0, 5, &found, &error) == SYM_OK);
    CHECK(memcmp(&found, &answers[i], sizeof found) == 0);
    CHECK(give_back(handle) == SYM_OK);
    CHECK(give_back(handle) == SYM_ERR_CLOSED);
  }
}

static volatile int stop;

static void *busy(void *arg) {
  (void)arg;
  while (!stop) {
    sym_mapping found;
    for (int i = 0; i < maps; i++) CHECK(sym_map_lookup(handles[i], 0, 5, &found, NULL) == SYM_OK);
    sym_handle handle;
    CHECK(sym_map_parse(small, sizeof small - 1, 0, &handle, NULL) == SYM_OK);
    CHECK(sym_close(handle) == SYM_OK);
  }
  return NULL;
}

int main(void) {
  size_t len;
  char *text = large(&len);
  sym_error error;
  CHECK(sym_map_parse(small, sizeof small - 1, SYM_BORROW, &handles[0], &error) == SYM_OK);
  CHECK(sym_map_parse(small, sizeof small - 1, 0, &handles[1], &error) == SYM_OK);
  CHECK(sym_map_parse(text, len, SYM_BORROW, &handles[2], &error) == SYM_OK);
  CHECK(sym_map_parse(text, len, 0, &handles[3], &error) == SYM_OK);
  for (int i = 0; i < maps; i++) {
    CHECK(sym_map_get_memory(handles[i], &memories[i], &error) == SYM_OK);
    CHECK(sym_map_lookup(handles[i], 0, 5, &answers[i], &error) == SYM_OK);
  }
  CHECK(sym_map_get_memory(0, &memories[0], &error) == SYM_ERR_CLOSED);
  CHECK(sym_map_get_memory(handles[0], NULL, &error) == SYM_ERR_ARGUMENT);
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, busy, NULL) == 0);
  for (int i = 0; i < 20; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      alarm(60);
      child(1 + i % 3);
      _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
  stop = 1;
  for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  for (int i = 0; i < maps; i++) CHECK(sym_close(handles[i]) == SYM_OK);
  sym_stats stats;
  CHECK(sym_get_stats(&stats) == SYM_OK && stats.handles == 0 && stats.bytes == 0);
  free(text);
  printf("fork: %d checks\n", checks);
  return 0;
}
