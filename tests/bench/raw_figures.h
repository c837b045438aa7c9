#ifndef BENCH_RAW_FIGURES_H
#define BENCH_RAW_FIGURES_H

#include "bench/raw_relay.h"

#include <stddef.h>

/* Microseconds for `size` bytes to go through the relay and come back. */
double raw_round_trip(enum raw_relay_over over, size_t size);

/* Seconds for `total` bytes to go through the relay, written `chunk` at a time. */
double raw_stream(size_t total, size_t chunk);

#endif
