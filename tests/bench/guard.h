#ifndef BENCH_GUARD_H
#define BENCH_GUARD_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Processes of the bench that put in order what it leaves, however it ends. They
 * learn of that by a pipe whose other end the bench has.
 */

/* In a process just forked: be out of reach of the signals that end the bench, and close all
 * it has open but standard input, output and error and these, which get other numbers. */
void guard_begin(int *fds, size_t count);

#endif
