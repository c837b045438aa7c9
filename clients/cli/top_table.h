#ifndef CLI_TOP_TABLE_H
#define CLI_TOP_TABLE_H

#include <relevo/relevo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One queue, lock, semaphore or condition at one moment. */
struct top_row {
	struct relevo_queue_info info;      /* its name is the row's */
	double put_rate, acknowledged_rate; /* a second; 0 when it was not there before */
};

/* All of them, in the order of their names. Zero is empty. */
struct top_table {
	struct top_row *rows;
	size_t count, capacity;
	int64_t taken;                   /* when, in ms */
	uint64_t getters, putters, held; /* of all: held by locks and semaphores */
	double put_rate, acknowledged_rate;
};

/* Ask the broker; `before` is the last table, for the rates. Replaces *table, which is
 * emptied first. A status of relevo's. */
int top_take(relevo_session *session, const struct top_table *before, struct top_table *table);

void top_empty(struct top_table *table);

#endif
