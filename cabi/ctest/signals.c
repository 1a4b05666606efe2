/* Handlers of signals that the program had before the library have room for what they do, in each thread that calls it. */
#define _GNU_SOURCE
#include "check.h"
#include "symbolicate.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t handled;

/* Takes 4 MiB of stack. */
static void handler(int signal) {
  (void)signal;
  volatile char room[4 << 20];
  for (size_t i = 0; i < sizeof room; i += 4096) room[i] = 1;
  handled += room[0];
}

static stack_t alternate(void) {
  stack_t now;
  CHECK(!sigaltstack(NULL, &now));
  return now;
}

static void *call(void *own) {
  stack_t mine = {.ss_sp = own, .ss_size = 64 << 10};
  if (own) CHECK(!sigaltstack(&mine, NULL));
  sym_stats stats;
  CHECK(sym_get_stats(&stats) == SYM_OK);
  stack_t now = alternate();
  if (own)
    CHECK(now.ss_sp == own && now.ss_size == mine.ss_size); /* what the program made is left alone */
  else {
    CHECK(!(now.ss_flags & SS_DISABLE) && now.ss_size >= 8 << 20);
    int before = handled;
    pthread_kill(pthread_self(), SIGUSR1);
    CHECK(handled == before + 1);
  }
  return NULL;
}

static int mappings(void) {
  FILE *f = fopen("/proc/self/maps", "r");
  CHECK(f);
  int lines = 0;
  for (int c; (c = getc(f)) != EOF;) lines += c == '\n';
  fclose(f);
  return lines;
}

int main(void) {
  CHECK(signal(SIGUSR1, handler) != SIG_ERR);
  call(NULL);
  void *own = malloc(64 << 10);
  int before = 0;
  for (int round = 0; round < 200; round++) {
    pthread_t thread;
    CHECK(!pthread_create(&thread, NULL, call, round % 10 ? NULL : own));
    CHECK(!pthread_join(thread, NULL));
    if (round == 20) before = mappings();
  }
  CHECK(mappings() < before + 20); /* a thread's goes with the thread */
  free(own);
  printf("signals: %d checks\n", checks);
  return 0;
}
