#ifndef WORKER_WORKER_TABLE_H
#define WORKER_WORKER_TABLE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * What a group of workers knows of each other: memory that the group, its workers
 * and the pool's owner share.
 */

/* A task: what tells it from others. */
struct task_mark {
	char reply_to[NAME_MAX_BYTES + 1];
	uint64_t job, first;
	uint32_t handed; /* a piece of a chunk may begin where that did */
};

/* How a worker came to an end, or is about to. */
enum worker_end {
	WORKER_DIES = 0, /* killed, or its function called exit(): replace it */
	WORKER_LOST,     /* it cannot go on: `error`; another one may, sooner or later */
	WORKER_FINISHED, /* there is no more to do, or it cannot do it: `error` */
	WORKER_UNREADY,  /* its initializer failed: `error`; try again, but not for ever */
	WORKER_RETIRED,  /* it has done its share, or gave its life: replace it at once */
};

/* How far it has come. */
enum worker_stage { WORKER_STARTING, WORKER_CONNECTED, WORKER_INITIALIZING, WORKER_READY };

/* One worker. */
struct worker_slot {
	atomic_int pid;   /* 0: none runs */
	atomic_int stage; /* enum worker_stage */
	enum worker_end end;
	struct error error;
	atomic_bool busy;      /* with: */
	struct task_mark task; /* which it writes while not busy */
	atomic_uint place;     /* of the argument in hand, in the task */
	atomic_bool overdue;   /* its time is up, and it does not react: so it is killed */
};

/* A worker that died in the middle of a task. */
struct obituary {
	atomic_uint number; /* from 1 on; 0: being written */
	struct task_mark task;
	struct death {
		pid_t pid;
		int state;      /* of waitpid(2) */
		unsigned place; /* of the argument in hand, in the task */
		bool overdue;
	} death;
};

enum { OBITUARIES = 64 };

struct worker_table {
	size_t size; /* of the mapping */
	int fd;      /* of the memory, in the process that made it */
	int count;
	struct error failure;     /* why the group gave up */
	atomic_uint_fast64_t run; /* of the broker, at which a worker was ready last; 0: none was */
	atomic_uint done;         /* functions that returned, ever */
	atomic_uint deaths;       /* obituaries written; also what readers wait for */
	struct obituary obituaries[OBITUARIES];
	struct worker_slot slots[];
};

/* NULL when memory or descriptors ran out; errno says which. */
struct worker_table *worker_table_new(int count);

/* The same memory, in another process, for as long as that lives; NULL: it cannot be had. */
struct worker_table *worker_table_map(int fd);

/* In the process that made it. */
void worker_table_free(struct worker_table *table);

/* The worker's part: it begins a task, and is done with it. */
void worker_slot_begin(struct worker_slot *slot, const struct task_mark *task);
void worker_slot_done(struct worker_slot *slot);

/* Which argument of its task it begins. */
static inline void worker_slot_at(struct worker_slot *slot, unsigned place)
{
	atomic_store_explicit(&slot->place, place, memory_order_relaxed);
}

/* A function has returned: work gets done. */
void worker_table_progress(struct worker_table *table);

/* The group's part: this worker died; if in the middle of a task, note how. */
void worker_table_bury(struct worker_table *table, const struct worker_slot *slot, pid_t pid,
		       int state);

/* How many workers of this group have died with the task, buried or not yet. */
uint32_t worker_table_count(struct worker_table *table, const struct task_mark *task);

/*
 * How the last worker of this group that had the task died. Waits a moment if one that
 * had it may not have been buried yet. False when none of this group did.
 */
bool worker_table_find(struct worker_table *table, const struct task_mark *task,
		       struct death *death);

#endif
