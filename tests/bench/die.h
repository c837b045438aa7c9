#ifndef BENCH_DIE_H
#define BENCH_DIE_H

/*
 * A measurement that goes wrong has no figure, so there is nothing to recover:
 * these say why and end the process. What the bench has started ends with it.
 */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* die() with the text of errno. */
_Noreturn void die_errno(const char *what);

/* die() with the reason of the last relevo call, unless `status` is OK. */
void must(int status, const char *what);

#endif
