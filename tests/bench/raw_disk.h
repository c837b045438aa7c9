#ifndef BENCH_RAW_DISK_H
#define BENCH_RAW_DISK_H

#include <stddef.h>

/* What the disk itself can do, in a file that was filled before, so that only its bytes have to be
 * written: no broker that writes through what it answers can be faster with groups of that size. */

/* Microseconds for `size` bytes to go to another process, which writes them, waits for fdatasync()
 * and answers. */
double raw_disk_round_trip(size_t trips, size_t size);

/* Seconds for `total` bytes, written `group` at a time, each group with fdatasync(). */
double raw_disk_stream(size_t total, size_t group);

#endif
