#ifndef BENCH_RAW_GEARMAN_H
#define BENCH_RAW_GEARMAN_H

/* What gearmand does with tasks that do nothing: two workers, each a process, and one
 * client, over the loopback. NAN without gearmand or its library. */

/* Tasks a second, all of them asked for before the first is waited for. */
double gearman_stream(int tasks);

/* Microseconds for one at a time. */
double gearman_round_trip(int tasks);

#endif
