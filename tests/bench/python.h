#ifndef BENCH_PYTHON_H
#define BENCH_PYTHON_H

/* The number that a script prints, run with up to five numbers as its arguments; NAN
 * without Python. */
double python_figure(const char *script, const int *arguments, int count);

#endif
