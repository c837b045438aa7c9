#ifndef WORKER_WORKER_TASK_H
#define WORKER_WORKER_TASK_H

#include "worker/registry.h"
#include "worker/task.h"
#include "worker/task_reply.h"
#include "worker/worker_setup.h"

#include <limits.h>

struct watcher;

/* A task in hand. Its results may leave in several parts, so that a chunk may
 * answer more than fits into one item; the last part acknowledges it. */
struct chunk {
	relevo_item *item;
	Relevo__TaskHeader *task;
	const uint8_t *body; /* the argument that is next, or being run */
	size_t index;        /* its place in the chunk */
	struct task_mark mark;
	bool broken;   /* of several, and a worker died of it: it is not run */
	bool given_up; /* too many workers died of it, or the last took too long */
	bool known;    /* how the last worker that had it died: */
	struct death death;
	bool careful;              /* its worker may die of it: nothing is left pending */
	Relevo__ResultHeader part; /* results not sent yet */
};

/* One worker process. reply.lock guards also what the watcher looks at. */
struct worker {
	const struct worker_setup *setup;
	struct worker_plan plan;
	relevo_session *session;
	uint64_t run; /* of the broker */
	relevo_queue *tasks;
	relevo_queue *presence; /* see worker_presence.h */
	char host[HOST_NAME_MAX + 1];
	pid_t pid;
	struct relevo_reply reply;
	struct buffer out; /* the encoded result */
	relevo_item next;  /* the next task, if it came ahead; data is NULL: there is none */
	struct chunk *chunk;
	bool used;               /* it has run a task, which may have left something behind */
	bool ending;             /* after this task */
	bool running;            /* the user's function, for an argument of the chunk */
	nsec_t deadline;         /* of it; NSEC_NEVER: it may take any time */
	struct watcher *watcher; /* NULL: not needed yet */
	atomic_bool unwatched;   /* the watcher has lost its connection */
};

/* ---- worker_open.c ------------------------------------------------------ */

/* Connect, and open the pool; wait for it, if the setup says so. Errors as relevo_session_open()
 * and relevo_pool_attach(), INTERRUPTED. */
int worker_open(struct worker *worker, struct error *error);

/* Which run of the broker the session is connected to. */
uint64_t worker_open_run(const struct worker *worker);

/* ---- worker_task.c ------------------------------------------------------ */

/* Run one leased task and answer it. OK: the next one, please. */
int worker_task_run(struct worker *worker, relevo_item *item);

/*
 * The watcher's part: answer in place of the function that runs, for the rest of its
 * task, with `status` and this text; where only the one that runs is to blame (`only_it`), the
 * caller hears that it has to send the others again. The lock is held.
 */
void worker_task_give_up(struct worker *worker, int status, bool only_it, const char *text);

/* ---- worker_function.c: the user's code -------------------------------- */

/* Have what the task needs besides its function: a watcher, if it may have to be ended. Errors are
 * this worker's own. */
int worker_function_prepare(struct worker *worker, const Relevo__TaskHeader *task,
			    struct error *error);

/* One argument of the chunk, or what stands in its way. The status of the result. */
int worker_function_run(struct worker *worker, struct chunk *chunk);

/* How the last worker died that had the chunk: a text in the result in the making. Returns
 * the status of whatever it died of. */
int worker_function_tell_death(struct worker *worker, struct chunk *chunk);

/* The initializer that the plan names. */
int worker_function_initialize(struct worker *worker, struct error *error);

/* ---- worker_caller.c: whoever waits for the result ------------------------ */

/*
 * Whose tasks the worker runs now. Its thread says so, and the watcher's waits for his end.
 * reply.lock guards it, but for the queue, which is the watcher's.
 */
struct caller {
	char name[NAME_MAX_BYTES + 1]; /* of his queue; "": there was none yet */
	bool gone;                     /* he has ended */
	bool changed;                  /* the queue is not his yet */
	relevo_queue *queue;           /* NULL: he has gone, or there is none */
};

/* The worker's part, before each task: whether there is somebody to run it for. */
bool caller_follow(struct worker *worker, struct caller *caller, const Relevo__TaskHeader *task);

/* The watcher's part: have his queue, to wait for. The lock is held, and released meanwhile. */
void caller_open(struct worker *worker, struct caller *caller, relevo_session *session);

/* His queue has ended. The lock is held. */
void caller_ended(struct caller *caller);

/* ---- worker_watch.c ----------------------------------------------------- */

/* See that somebody watches. Before the first task that may have to be ended. */
int watcher_start(struct worker *worker, struct error *error);

/* The deadline has changed. The lock is held. */
void watcher_notify(struct watcher *watcher);

/* Whether the job was taken back. The lock is held. */
bool watcher_cancelled(const struct watcher *watcher, const Relevo__TaskHeader *task);

/* Whom the watcher looks out for. */
struct caller *watcher_caller(struct watcher *watcher);

/* NULL is allowed. */
void watcher_stop(struct watcher *watcher);

#endif
