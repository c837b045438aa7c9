#ifndef BENCH_RAW_RELAY_H
#define BENCH_RAW_RELAY_H

#include <sys/types.h>

/*
 * The yardstick: a process between two stream sockets that forwards what comes
 * from one to the other, both ways, and does nothing else. No broker that is a
 * process of its own can be faster.
 */
struct raw_relay {
	pid_t pid;
	int ends[2]; /* blocking, for one client each */
};

enum raw_relay_over { RAW_OVER_UNIX, RAW_OVER_TCP };

void raw_relay_start(struct raw_relay *relay, enum raw_relay_over over);
void raw_relay_stop(struct raw_relay *relay);

#endif
