/* What the tests in C check with. */
#ifndef SYMBOLICATE_CTEST_CHECK_H
#define SYMBOLICATE_CTEST_CHECK_H

#include <stdio.h>
#include <unistd.h>

static int checks;

/* Ends the process where the condition does not hold; without its usual end, since it may be a child of fork(). */
#define CHECK(condition)                                                      \
  do {                                                                        \
    checks++;                                                                 \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      _exit(1);                                                               \
    }                                                                         \
  } while (0)

#endif
