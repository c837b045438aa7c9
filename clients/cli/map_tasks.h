#ifndef CLI_MAP_TASKS_H
#define CLI_MAP_TASKS_H

#include <pthread.h>
#include <relevo/relevo.h>
#include <stdbool.h>
#include <stdint.h>

/* Tasks that are under way, or wait for their turn to be written; more are not taken from
 * the input. Nor more bytes. */
enum { MAP_TASKS = 256 };
#define MAP_BYTES (64u << 20)

struct map_tasks;

/* One of them. */
struct map_task {
	struct map_tasks *tasks;
	uint64_t index; /* of its argument, in the input */
	bool used, done;
	struct relevo_bytes argument; /* a copy */
	struct relevo_result result;  /* likewise */
	struct map_task *next;        /* of those that have just been done */
};

/*
 * Results come from a thread of the library's; they are noted here, and wake_fd (an eventfd)
 * becomes readable. All else is the main thread's.
 */
struct map_tasks {
	relevo_pool *pool;
	const char *function;
	bool packed; /* it is the function of "pool serve" */
	struct relevo_task_options options;
	int64_t timeout; /* ms; 0: any time */

	struct map_task tasks[MAP_TASKS];
	uint64_t submitted;
	size_t used;
	size_t bytes; /* of the arguments of those */

	int wake_fd;
	pthread_mutex_t lock; /* of what follows */
	struct map_task *first, **last;
};

/* False: the system has no descriptor. pool, function, packed, options and timeout have been
 * set. */
bool map_tasks_open(struct map_tasks *tasks);

/* The pool has been freed, so that no more results come. */
void map_tasks_close(struct map_tasks *tasks);

/* Whether another may be submitted. */
bool map_tasks_have_room(const struct map_tasks *tasks);

/* Submit one; a status of relevo's. */
int map_tasks_submit(struct map_tasks *tasks, const struct relevo_bytes *argument);

/* One that is done, in the order in which they were; NULL: none is. To be released. */
struct map_task *map_tasks_done(struct map_tasks *tasks);

/* The task with the argument of that index, if it is done and not released. */
struct map_task *map_tasks_find(struct map_tasks *tasks, uint64_t index);

void map_tasks_release(struct map_task *task);

#endif
