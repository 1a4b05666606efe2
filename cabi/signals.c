/*
 * Go gives each thread that enters it an alternate stack for signals, of 32 kB and without a guard page, if it has none, and has all
 * handlers run there: also those of the program around, which may need more (uWSGI ends Python inside of one). So a
 * thread gets a large one before it enters Go, which Go then keeps.
 */
#define _GNU_SOURCE
#include "signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

/* As large as the usual stack of a thread; what is not used takes no memory. */
static const size_t size = 8 << 20;

__thread char symc_has_signal_stack __attribute__((tls_model("initial-exec")));

static pthread_key_t key;
static int has_key;
static __thread char passes;

static void give_back(void *stack) {
  if (passes++ == 0) { /* once more, behind Go's own destructor, which still needs the stack */
    if (!pthread_setspecific(key, stack)) return;
  }
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  stack_t now;
  if (!sigaltstack(NULL, &now) && now.ss_sp == (char *)stack + page) {
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
  }
  munmap(stack, page + size);
}

__attribute__((constructor)) static void make_key(void) { has_key = !pthread_key_create(&key, give_back); }

void symc_make_signal_stack(void) {
  symc_has_signal_stack = 1;
  stack_t now;
  if (!has_key || sigaltstack(NULL, &now) || !(now.ss_flags & SS_DISABLE)) return;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *stack = mmap(NULL, page + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return; /* then Go's own has to do */
  stack_t ours = {.ss_sp = stack + page, .ss_size = size};
  if (mprotect(stack + page, size, PROT_READ | PROT_WRITE) || pthread_setspecific(key, stack)) {
    munmap(stack, page + size);
    return;
  }
  if (sigaltstack(&ours, NULL)) {
    pthread_setspecific(key, NULL);
    munmap(stack, page + size);
  }
}
