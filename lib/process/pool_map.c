#include "base/buffer.h"
#include "base/clock.h"
#include "client/error.h"
#include "client/session.h"
#include "process/pool.h"
#include "process/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arguments in one task at most: their results' sizes must fit a header. */
enum { MOST_IN_CHUNK = 4096 };

/* What may be under way at a time: the rest waits here, not at the broker. */
enum { MOST_TASKS_SENT = 4096 };
#define MOST_BYTES_SENT (64u * 1024 * 1024)

/* Results taken at a time. */
enum { STEP = 64 };

/* How often a map that waits looks whether its keeper lives: see keeper_check(). */
#define LOOK_AFTER (1 * NSEC_PER_SEC)

/* One map under way. */
struct map {
	struct list link; /* in the pool */
	relevo_pool *pool;
	const char *function;
	const struct relevo_bytes *arguments;
	size_t count;
	const struct relevo_map_options *options;
	struct relevo_result *results; /* complete where data is not NULL */
	relevo_queue *reply;
	uint64_t job;
	atomic_int refused; /* why the broker refused one of its tasks, or OK */
	size_t chunk;
	size_t sent;       /* arguments sent */
	size_t received;   /* results */
	size_t bytes_sent; /* of arguments without a result */
	nsec_t deadline;
	struct buffer task; /* the encoded one, reused */
};

/* As in Python: four chunks for each worker. */
static size_t default_chunk(const relevo_pool *pool, size_t count)
{
	size_t shares = 4 * (size_t)worker_group_size(pool->processes);
	return (count + shares - 1) / shares;
}

/* ---- sending ---------------------------------------------------------- */

/* How many of the next arguments make a task: a chunk, unless it gets larger
 * than an item may be. */
static size_t next_share(const struct map *map)
{
	size_t most = relevo_session_max_item(map->pool->session);
	size_t left = map->count - map->sent;
	size_t share = left < map->chunk ? left : map->chunk;
	while (share > 1 && task_size(map->arguments + map->sent, share, 2 * NAME_MAX_BYTES) > most)
		share /= 2;
	return share;
}

static int send_task(struct map *map, struct error *error)
{
	size_t share = next_share(map);
	Relevo__TaskHeader header = RELEVO__TASK_HEADER__INIT;
	header.function = (char *)map->function;
	header.reply_to = (char *)relevo_queue_name(map->reply);
	header.job = map->job;
	header.first = map->sent;
	header.max_attempts = map->pool->max_attempts;
	buffer_truncate(&map->task, 0);
	if (!task_encode(&map->task, &header, map->arguments + map->sent, share))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a task");
	int status = relevo_queue_put(map->pool->tasks, buffer_data(&map->task),
				      buffer_size(&map->task), RELEVO_FOREVER);
	for (size_t i = 0; status == RELEVO_OK && i < share; i++)
		map->bytes_sent += map->arguments[map->sent + i].size;
	if (status == RELEVO_OK)
		map->sent += share;
	return status;
}

static int send_some(struct map *map, struct error *error)
{
	int status = RELEVO_OK;
	while (status == RELEVO_OK && map->sent < map->count &&
	       map->sent - map->received < MOST_TASKS_SENT * map->chunk &&
	       map->bytes_sent < MOST_BYTES_SENT)
		status = send_task(map, error);
	return status;
}

static struct map *map_of_job(relevo_pool *pool, uint64_t job)
{
	list_for_each (node, &pool->maps) {
		struct map *map = container_of(node, struct map, link);
		if (map->job == job)
			return map;
	}
	return NULL;
}

void pool_task_refused(relevo_queue *tasks, int status, const struct relevo_bytes *task, void *user)
{
	relevo_pool *pool = user;
	relevo_item item = { .data = (void *)task->data, .size = task->size };
	const uint8_t *bodies;
	struct error ignored;
	(void)tasks;
	Relevo__TaskHeader *header = task_decode(&item, &bodies, &ignored);
	if (header == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	struct map *map = map_of_job(pool, header->job);
	if (map != NULL)
		atomic_store(&map->refused, status);
	pthread_mutex_unlock(&pool->lock);
	task_free(header);
}

static void list_map(struct map *map)
{
	pthread_mutex_lock(&map->pool->lock);
	list_append(&map->pool->maps, &map->link);
	pthread_mutex_unlock(&map->pool->lock);
}

static void unlist_map(struct map *map)
{
	pthread_mutex_lock(&map->pool->lock);
	list_remove(&map->link);
	pthread_mutex_unlock(&map->pool->lock);
}

/* ---- receiving -------------------------------------------------------- */

static bool keep_result(struct map *map, size_t index, const Relevo__ResultHeader *header,
			size_t part, const uint8_t *body)
{
	struct relevo_result *result = &map->results[index];
	size_t size = header->sizes[part];
	char *data = malloc(size + 1);
	if (data == NULL)
		return false;
	memcpy(data, body, size);
	data[size] = '\0';
	*result = (struct relevo_result){
		.status = header->n_statuses > 0 ? (int)header->statuses[part] : RELEVO_OK,
		.data = data,
		.size = size,
		.attempts = header->attempts,
		.worker_pid = header->pid,
	};
	snprintf(result->worker_host, sizeof result->worker_host, "%s", header->host);
	map->received++;
	map->bytes_sent -= map->arguments[index].size;
	if (map->options->on_result != NULL)
		map->options->on_result(index, result, map->options->user);
	return true;
}

/* What is no result of this map, or comes a second time since a worker died after
 * sending a part of its chunk, is passed over. */
static int take_result(struct map *map, const relevo_item *item, struct error *error)
{
	const uint8_t *body;
	int status = RELEVO_OK;
	struct error ignored;
	Relevo__ResultHeader *header = result_decode(item, &body, &ignored);
	if (header == NULL || header->job != map->job) {
		result_free(header);
		return status;
	}
	for (size_t i = 0; i < header->n_sizes && status == RELEVO_OK; i++) {
		size_t index = header->first + i;
		if (index < map->sent && map->results[index].data == NULL &&
		    !keep_result(map, index, header, i, body))
			status = error_set(error, RELEVO_NO_MEMORY, "no memory for a result");
		body += header->sizes[i];
	}
	result_free(header);
	return status;
}

/* Milliseconds to wait for results now. */
static int64_t patience(const struct map *map, nsec_t now)
{
	nsec_t until = now + LOOK_AFTER;
	return clock_msec_until(now, map->deadline < until ? map->deadline : until);
}

/* Nothing came for a while: is there still somebody to wait for? */
static int look_after(struct map *map, struct error *error)
{
	if (clock_now() >= map->deadline)
		return error_set(error, RELEVO_TIMED_OUT,
				 "%zu of %zu results of \"%s\" came in time", map->received,
				 map->count, map->function);
	return keeper_check(map->pool, error);
}

static int receive_some(struct map *map, struct error *error)
{
	relevo_item items[STEP];
	size_t got;
	int status =
		relevo_queue_get_many(map->reply, items, STEP, patience(map, clock_now()), &got);
	int refused = atomic_load(&map->refused);
	if (status == RELEVO_TIMED_OUT || status == RELEVO_EMPTY)
		status = refused != RELEVO_OK
				 ? error_set(error, refused, "the broker refused a task: %s",
					     relevo_error_message(refused))
				 : look_after(map, error);
	for (size_t i = 0; i < got; i++) {
		if (status == RELEVO_OK)
			status = take_result(map, &items[i], error);
		relevo_item_free(&items[i]);
	}
	return status;
}

/* ---- the whole -------------------------------------------------------- */

static int check_arguments(const struct map *map, struct error *error)
{
	size_t most = relevo_session_max_item(map->pool->session);
	for (size_t i = 0; i < map->count; i++) {
		if (task_size(&map->arguments[i], 1, 2 * NAME_MAX_BYTES) > most)
			return error_set(error, RELEVO_TOO_LARGE,
					 "argument %zu of \"%s\" has %zu bytes; an item of %zu "
					 "must hold it and its header",
					 i, map->function, map->arguments[i].size, most);
	}
	return name_check(map->function, "function", error);
}

static int run(struct map *map, struct error *error)
{
	int status = check_arguments(map, error);
	if (status != RELEVO_OK)
		return status;
	status = pool_reply_take(map->pool, &map->reply);
	if (status != RELEVO_OK)
		return status;
	list_map(map);
	while (status == RELEVO_OK && map->received < map->count) {
		status = send_some(map, error);
		if (status == RELEVO_OK)
			status = receive_some(map, error);
	}
	unlist_map(map);
	struct error failure = *error;
	if (status == RELEVO_OK)
		pool_reply_return(map->pool, map->reply);
	else
		relevo_queue_close(map->reply);
	*error = failure;
	return status;
}

int relevo_pool_map(relevo_pool *pool, const char *function, const struct relevo_bytes *arguments,
		    size_t count, const struct relevo_map_options *options,
		    struct relevo_result *results)
{
	static const struct relevo_map_options defaults;
	struct error *error = client_error();
	if (options == NULL)
		options = &defaults;
	struct map map = {
		.pool = pool,
		.function = function,
		.arguments = arguments,
		.count = count,
		.options = options,
		.results = results,
		.job = atomic_fetch_add(&pool->last_job, 1) + 1,
	};
	size_t chunk = options->chunk > 0 ? options->chunk : default_chunk(pool, count);
	map.chunk = chunk < MOST_IN_CHUNK ? chunk : MOST_IN_CHUNK;
	int64_t timeout = options->timeout != 0 ? options->timeout : RELEVO_FOREVER;
	int status = session_deadline(timeout, &map.deadline, error);
	if (status != RELEVO_OK || count == 0)
		return status;
	memset(results, 0, count * sizeof *results);
	status = run(&map, error);
	buffer_fini(&map.task);
	if (status != RELEVO_OK)
		relevo_results_free(results, count);
	return status;
}

int relevo_pool_apply(relevo_pool *pool, const char *function, const void *data, size_t size,
		      int64_t timeout, struct relevo_result *result)
{
	struct relevo_bytes argument = { data, size };
	struct relevo_map_options options = { .chunk = 1, .timeout = timeout };
	return relevo_pool_map(pool, function, &argument, 1, &options, result);
}

void relevo_results_free(struct relevo_result *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(results[i].data);
		results[i].data = NULL;
	}
}
