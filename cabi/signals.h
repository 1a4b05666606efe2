/* What the wrappers need of signals.c. */
#ifndef SYMBOLICATE_SIGNALS_H
#define SYMBOLICATE_SIGNALS_H

extern __thread char symc_has_signal_stack __attribute__((tls_model("initial-exec")));
void symc_make_signal_stack(void);

/* To be called by a thread before it enters Go. */
static inline void symc_signal_stack(void) {
  if (!symc_has_signal_stack) symc_make_signal_stack();
}

#endif
