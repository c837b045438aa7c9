#ifndef POOL_POOL_JOB_H
#define POOL_POOL_JOB_H

#include "base/buffer.h"
#include "pool/pool.h"
#include "worker/task.h"

struct job;

/* Arguments in one task at most: their results' sizes must fit a header. */
enum { MOST_IN_CHUNK = 4096 };

/* Where things of one index of a job are. */
struct job_place {
	const struct relevo_bytes *argument;
	struct relevo_result *result;
	uint32_t *tries; /* NULL: it is run once */
};

/* What kinds of jobs differ in: where they keep arguments and results. */
struct job_kind {
	/* False when no result is expected for that index, or not any more. */
	bool (*find)(struct job *job, uint64_t index, struct job_place *place);
	/* The result at the place is complete. */
	void (*kept)(struct job *job, uint64_t index, const struct job_place *place);
	/* The task of that index says something. */
	void (*said)(struct job *job, uint64_t index, const struct relevo_bytes *said);
};

/*
 * One function, run for a number of arguments: what maps, jobs and iterations have in
 * common. Whoever owns it sends its tasks and hands it the results that come to the queue
 * `reply`, one thread at a time.
 */
struct job {
	struct map_node numbered; /* in the pool */
	relevo_pool *pool;
	const struct job_kind *kind;
	const char *function;
	const struct relevo_task_options *options;
	struct reply reply;
	uint64_t id;
	/* Until when the broker is waited for on its behalf; NSEC_NEVER: as long as it takes. */
	nsec_t limit;
	/* Until when one task may take to be sent while others wait for that; 0: nobody does. */
	nsec_t hold_limit;
	bool watched; /* it may end early: workers look out for that, which costs them something */
	char caller[NAME_MAX_BYTES + 1]; /* see pool_caller_name() */
	atomic_int refused;              /* why the broker refused one of its tasks, or OK */
	struct buffer encoded;           /* the last task, reused */
};

/* BAD_NAME, BAD_ARGUMENT: what is wrong with the function's name or the options. */
int job_check(const char *function, const struct relevo_task_options *options, struct error *error);

/* Give it its number and enter it in the pool, and undo that. pool, kind, function,
 * options, limit, reply and watched have been set. TIMED_OUT, NO_MEMORY, and what the broker
 * says. */
int job_begin(struct job *job, struct error *error);
void job_end(struct job *job);

/* The same for one with a reply of its own, which is found here. */
int job_open(struct job *job, struct error *error);

/* And the end of it. With another status than OK it has ended early, in this way. */
void job_close(struct job *job, int status);

/* It has ended early, in this way: nothing of it goes on. */
void job_take_back(const struct job *job, int status);

/* The job under way that has this number, or NULL. The caller sees to it that it does not
 * end meanwhile. */
struct job *job_find(relevo_pool *pool, uint64_t id);

/* Whether an argument fits into a task: TOO_LARGE. */
int job_check_argument(const struct job *job, size_t index, const struct relevo_bytes *argument,
		       struct error *error);

/* How many of these arguments, of `chunk` at most, fit into one task. At least 1. */
size_t job_share(const struct job *job, const struct relevo_bytes *arguments, size_t chunk);

/* Arguments that make one task. */
struct job_task {
	uint64_t first; /* the index of the first */
	const struct relevo_bytes *arguments;
	size_t count;
	int64_t delay;           /* ms before which it is not run */
	uint32_t handed, deaths; /* see TaskHeader */
};

int job_send(struct job *job, const struct job_task *task);

/* An item that has come for a job. */
struct arrival {
	uint64_t job;
	Relevo__ResultHeader *result; /* from a worker; or NULL, and */
	Relevo__TaskHeader *overdue;  /* one of its tasks, whose worker is late */
	const uint8_t *body;          /* inside the item */
	struct task_room room;        /* of the headers */
};

/* False: it is none. Free it in any case. */
bool arrival_decode(const relevo_item *item, struct arrival *arrival);
void arrival_free(struct arrival *arrival);

/* Take what comes for this job. What comes a second time, since a worker died after sending
 * a part of its chunk, is passed over. */
int job_take(struct job *job, const struct arrival *arrival, struct error *error);

/* What became of one argument. */
struct job_outcome {
	int status;
	const uint8_t *data;
	size_t size;
	uint32_t attempts;
};

/* It is the result of that index, by the worker of the header, unless the options say that
 * such a one is run again. */
int job_settle(struct job *job, uint64_t index, const Relevo__ResultHeader *header,
	       const struct job_outcome *outcome);

/*
 * Wait until `deadline` for items in the job's own queue, and take them. OK also when none
 * came; what ended the wait for good otherwise: TIMED_OUT (at the deadline), what refused a
 * task, no worker, GONE, INTERRUPTED, DISCONNECTED.
 */
int job_receive(struct job *job, nsec_t deadline, struct error *error);

/* An outcome that no worker sent; false when memory ran out. */
bool job_set_outcome(struct relevo_result *result, size_t index, int status, const char *text);

/* All that is under way in the pool looks around: it was terminated. */
void job_stir_all(relevo_pool *pool);

/* The broker refused a task: the job that it belongs to fails. */
void job_task_refused(relevo_queue *tasks, int status, const struct relevo_bytes *task, void *pool);

#endif
