#ifndef WORKER_WORKER_SETUP_H
#define WORKER_WORKER_SETUP_H

#include "session/key_source.h"
#include "worker/worker_plan.h"
#include "worker/worker_table.h"

/* What makes a process a worker. */
struct worker_setup {
	const char *url;
	struct key_source key;          /* for tcp:// */
	const char *pool;               /* its name */
	bool shared;                    /* it is nobody's: see relevo_pool_options */
	enum relevo_order order;        /* of a shared one */
	bool durable;                   /* likewise */
	const struct worker_plan *plan; /* NULL: the pool's, as the broker has it */
	struct worker_table *table;
	struct worker_slot *slot; /* this worker's */
	int wake_fd;              /* readable: end after the task in hand */
	bool leave_children;      /* orphans below it are not its own */
	int news_fd;              /* an eventfd: it is ready for tasks */
	bool patient;             /* a pool that is not there is waited for */
	int alarm_fd;             /* a timer: whoever lets it expire is killed */
};

#endif
