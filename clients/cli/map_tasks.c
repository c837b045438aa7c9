/* Submitting the tasks of "pool map", and keeping their results until they are written. */
#include "cli/map_tasks.h"

#include "cli/task_protocol.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool map_tasks_open(struct map_tasks *tasks)
{
	pthread_mutex_init(&tasks->lock, NULL);
	tasks->last = &tasks->first;
	tasks->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return tasks->wake_fd >= 0;
}

void map_tasks_close(struct map_tasks *tasks)
{
	for (size_t i = 0; i < MAP_TASKS; i++) {
		if (tasks->tasks[i].used)
			map_tasks_release(&tasks->tasks[i]);
	}
	if (tasks->wake_fd >= 0)
		close(tasks->wake_fd);
	pthread_mutex_destroy(&tasks->lock);
}

/* ---- results, in the library's thread ---------------------------------------- */

/* A result belongs to its job, so this is a copy; without memory it has no text. */
static void map_tasks_keep(struct map_task *task, const struct relevo_result *result)
{
	task->result = *result;
	task->result.data = malloc(result->size + 1);
	if (task->result.data == NULL) {
		task->result.status = RELEVO_NO_MEMORY;
		task->result.size = 0;
		return;
	}
	if (result->size > 0)
		memcpy(task->result.data, result->data, result->size);
	((char *)task->result.data)[result->size] = '\0';
}

static void map_tasks_on_outcome(struct map_task *task, const struct relevo_result *result)
{
	struct map_tasks *tasks = task->tasks;
	uint64_t one = 1;
	map_tasks_keep(task, result);
	pthread_mutex_lock(&tasks->lock);
	task->next = NULL;
	*tasks->last = task;
	tasks->last = &task->next;
	pthread_mutex_unlock(&tasks->lock);
	ssize_t written = write(tasks->wake_fd, &one, sizeof one);
	(void)written;
}

static void map_tasks_on_success(const struct relevo_result *results, size_t count, void *user)
{
	(void)count;
	map_tasks_on_outcome(user, results);
}

static void map_tasks_on_error(const struct relevo_result *failure, void *user)
{
	map_tasks_on_outcome(user, failure);
}

struct map_task *map_tasks_done(struct map_tasks *tasks)
{
	uint64_t count;
	ssize_t got = read(tasks->wake_fd, &count, sizeof count);
	(void)got;
	pthread_mutex_lock(&tasks->lock);
	struct map_task *task = tasks->first;
	if (task != NULL)
		tasks->first = task->next;
	if (tasks->first == NULL)
		tasks->last = &tasks->first;
	pthread_mutex_unlock(&tasks->lock);
	if (task != NULL)
		task->done = true;
	return task;
}

/* ---- tasks --------------------------------------------------------------------- */

bool map_tasks_have_room(const struct map_tasks *tasks)
{
	return tasks->used < MAP_TASKS && tasks->bytes < MAP_BYTES;
}

struct map_task *map_tasks_find(struct map_tasks *tasks, uint64_t index)
{
	for (size_t i = 0; i < MAP_TASKS; i++) {
		struct map_task *task = &tasks->tasks[i];
		if (task->used && task->done && task->index == index)
			return task;
	}
	return NULL;
}

void map_tasks_release(struct map_task *task)
{
	task->tasks->bytes -= task->argument.size;
	task->tasks->used--;
	free((void *)task->argument.data);
	free(task->result.data);
	*task = (struct map_task){ 0 };
}

static struct map_task *unused(struct map_tasks *tasks)
{
	for (size_t i = 0; i < MAP_TASKS; i++) {
		if (!tasks->tasks[i].used)
			return &tasks->tasks[i];
	}
	return NULL;
}

static int apply(struct map_tasks *tasks, const struct relevo_bytes *argument,
		 struct map_task *task)
{
	const struct relevo_async_options options = {
		.map.task = tasks->options,
		.map.user = task,
		/* One of the two is called, also where no result has come: the pool has ended. */
		.on_success = map_tasks_on_success,
		.on_error = map_tasks_on_error,
	};
	relevo_job *job;
	int status =
		relevo_pool_apply_async(tasks->pool, tasks->function, argument, &options, &job);
	if (status == RELEVO_OK)
		relevo_job_free(job);
	return status;
}

int map_tasks_submit(struct map_tasks *tasks, const struct relevo_bytes *argument)
{
	struct map_task *task = unused(tasks);
	struct relevo_bytes packed = *argument;
	char *copy = malloc(argument->size + 1);
	int status = copy != NULL ? RELEVO_OK : RELEVO_NO_MEMORY;
	*task = (struct map_task){ .tasks = tasks, .index = tasks->submitted, .used = true };
	task->argument = (struct relevo_bytes){ copy, copy != NULL ? argument->size : 0 };
	tasks->used++;
	tasks->bytes += task->argument.size;
	if (status == RELEVO_OK && argument->size > 0)
		memcpy(copy, argument->data, argument->size);
	if (status == RELEVO_OK && tasks->packed)
		status = task_pack(argument, tasks->timeout, &packed);
	if (status == RELEVO_OK) {
		status = apply(tasks, &packed, task);
		if (tasks->packed)
			free((void *)packed.data);
	}
	if (status == RELEVO_OK)
		tasks->submitted++;
	else
		map_tasks_release(task);
	return status;
}
