/* Iterating over the results of a job while its input is still being taken. */
#include "base/deadline.h"
#include "base/map.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "pool/pool_input.h"
#include "pool/pool_job.h"
#include "session/session.h"

#include <relevo/pool_imap.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_WINDOW = 256 };
#define MOST_BYTES (64u * 1024 * 1024)

/* Taking input goes on for so long before results are looked for again. */
#define PULL_TIME  NSEC_PER_MSEC

/* One task under way, or whose results have not all been fetched. */
struct piece {
	struct list free;         /* in the free ones */
	struct map_node numbered; /* among those in use, by its number */
	uint64_t number;          /* all before it are whole chunks */
	uint64_t first;
	size_t count;   /* arguments; 0: free */
	size_t fetched; /* results */
	size_t sent;    /* arguments */
	struct relevo_bytes *arguments;
	struct relevo_result *results; /* complete where data is not NULL */
	uint32_t *tries;
};

/* A result that has come and was not fetched, for an unordered iteration. */
struct arrived {
	size_t piece, place;
};

/*
 * Everything happens inside relevo_imap_next(): input is taken, sent as tasks, and their
 * results are kept in pieces, of which there are as many as the window has chunks.
 */
struct relevo_imap {
	struct job job;
	struct relevo_input input;
	struct relevo_imap_options options;
	char *function;
	struct piece *pieces;
	size_t piece_count;
	struct list free;
	struct map numbered;
	struct piece *unsent;    /* what could not be sent in time; NULL: nothing */
	struct arrived *arrived; /* a ring */
	size_t arrived_first, arrived_count;
	nsec_t deadline;  /* of the call under way */
	uint64_t taken;   /* arguments, from the input */
	uint64_t fetched; /* results */
	size_t bytes;     /* of arguments without a result */
	struct error end; /* why no more input is taken; OK: it is */
	bool broken;      /* no more results come either, for this reason: */
	int status;
};

/* ---- the kind of job ---------------------------------------------------------- */

static struct piece *piece_of(const relevo_imap *imap, uint64_t index)
{
	uint64_t number = index / imap->options.chunk;
	struct map_node *node = map_find(&imap->numbered, &number, sizeof number);
	struct piece *piece = node != NULL ? container_of(node, struct piece, numbered) : NULL;
	return piece != NULL && index - piece->first < piece->count ? piece : NULL;
}

/* A result that was fetched leaves its argument's place empty. */
static bool pool_imap_find(struct job *job, uint64_t index, struct job_place *place)
{
	relevo_imap *imap = container_of(job, relevo_imap, job);
	struct piece *piece = piece_of(imap, index);
	if (piece == NULL)
		return false;
	size_t i = index - piece->first;
	if (piece->arguments[i].data == NULL)
		return false;
	*place = (struct job_place){
		.argument = &piece->arguments[i],
		.result = &piece->results[i],
		.tries = imap->options.task.retries > 0 ? &piece->tries[i] : NULL,
	};
	return true;
}

static void pool_imap_kept(struct job *job, uint64_t index, const struct job_place *place)
{
	relevo_imap *imap = container_of(job, relevo_imap, job);
	struct piece *piece = piece_of(imap, index);
	struct relevo_bytes *argument = &piece->arguments[index - piece->first];
	(void)place;
	imap->bytes -= argument->size;
	free((void *)argument->data);
	argument->data = NULL;
	if (!imap->options.unordered && !MUTANT(imap_as_it_comes))
		return;
	size_t room = imap->piece_count * imap->options.chunk;
	imap->arrived[(imap->arrived_first + imap->arrived_count++) % room] = (struct arrived){
		.piece = (size_t)(piece - imap->pieces),
		.place = index - piece->first,
	};
}

static void pool_imap_said(struct job *job, uint64_t index, const struct relevo_bytes *what)
{
	relevo_imap *imap = container_of(job, relevo_imap, job);
	job->options->on_progress(index, what, imap->options.user);
}

static const struct job_kind imap_kind = { pool_imap_find, pool_imap_kept, pool_imap_said };

/* ---- input ---------------------------------------------------------------------- */

/* Put the arguments that are next into it. False without memory. */
static bool use_piece(relevo_imap *imap, struct piece *piece, size_t count)
{
	piece->first = imap->taken;
	piece->number = piece->first / imap->options.chunk;
	if (!map_insert(&imap->numbered, &piece->numbered, &piece->number, sizeof piece->number))
		return false;
	list_remove(&piece->free);
	piece->count = count;
	piece->fetched = piece->sent = 0;
	imap->taken += count;
	for (size_t i = 0; i < count; i++)
		imap->bytes += piece->arguments[i].size;
	memset(piece->results, 0, count * sizeof *piece->results);
	memset(piece->tries, 0, count * sizeof *piece->tries);
	return true;
}

/* All its results have been fetched. */
static void free_piece(relevo_imap *imap, struct piece *piece)
{
	piece->count = 0;
	map_remove(&imap->numbered, &piece->numbered);
	list_append(&imap->free, &piece->free);
}

static void drop_arguments(struct piece *piece, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((void *)piece->arguments[i].data);
		piece->arguments[i].data = NULL;
	}
}

/* Arguments for one task; fewer than a chunk at the end of the input, and none when it
 * fails. */
static size_t take_chunk(relevo_imap *imap, struct piece *piece)
{
	size_t count = 0;
	while (count < imap->options.chunk && imap->end.status == RELEVO_OK) {
		struct relevo_bytes *argument = &piece->arguments[count];
		int status = input_take(&imap->input, imap->function, argument, &imap->end);
		if (status == RELEVO_END_OF_STREAM)
			error_set(&imap->end, status, "the iteration over \"%s\" has ended",
				  imap->function);
		if (status != RELEVO_OK)
			break;
		count++;
		job_check_argument(&imap->job, imap->taken + count - 1, argument, &imap->end);
	}
	if (imap->end.status == RELEVO_OK || imap->end.status == RELEVO_END_OF_STREAM)
		return count;
	drop_arguments(piece, count);
	return 0;
}

/* A chunk that is too large for an item is sent in parts. */
static int pool_imap_send_parts(relevo_imap *imap, struct piece *piece)
{
	int status = RELEVO_OK;
	while (piece->sent < piece->count && status == RELEVO_OK) {
		const struct relevo_bytes *arguments = piece->arguments + piece->sent;
		size_t share = job_share(&imap->job, arguments, piece->count - piece->sent);
		status = job_send(&imap->job, &(struct job_task){
						      .first = piece->first + piece->sent,
						      .arguments = arguments,
						      .count = share,
					      });
		if (status == RELEVO_OK)
			piece->sent += share;
	}
	return status;
}

/* False: not all of it in time. The rest is sent by the next call. */
static bool send_piece(relevo_imap *imap, struct piece *piece)
{
	int status = pool_imap_send_parts(imap, piece);
	imap->unsent = status == RELEVO_TIMED_OUT ? piece : NULL;
	if (status != RELEVO_OK && status != RELEVO_TIMED_OUT) {
		error_set(&imap->end, status, "%s", relevo_error_detail());
		imap->status = status;
		imap->broken = true;
	}
	return imap->unsent == NULL;
}

/* The input has its own time; all else that the call under way does has one deadline, however
 * many chunks it sends. */
static void pool_imap_add_time(relevo_imap *imap, nsec_t span)
{
	if (imap->deadline != 0)
		imap->deadline = clock_after(imap->deadline, span);
	if (imap->job.limit != NSEC_NEVER)
		imap->job.limit = clock_after(imap->job.limit, span);
	if (MUTANT(chunks_have_own_limits))
		imap->job.limit = session_patience(imap->deadline);
}

/* Take a chunk of input and send it. False when there is no room, or no more input, or the
 * broker takes nothing. */
static bool pull(relevo_imap *imap)
{
	if (imap->unsent != NULL)
		return send_piece(imap, imap->unsent);
	struct list *node = list_first(&imap->free);
	if (imap->end.status != RELEVO_OK || node == NULL || imap->bytes >= MOST_BYTES)
		return false;
	struct piece *piece = container_of(node, struct piece, free);
	nsec_t begun = clock_now();
	size_t count = take_chunk(imap, piece);
	pool_imap_add_time(imap, clock_now() - begun);
	if (count == 0)
		return false;
	if (!use_piece(imap, piece, count)) {
		drop_arguments(piece, count);
		error_set(&imap->end, RELEVO_NO_MEMORY, "no memory for an iteration");
		return false;
	}
	return send_piece(imap, piece);
}

/* ---- results --------------------------------------------------------------------- */

static bool pool_imap_hand_over(relevo_imap *imap, struct piece *piece, size_t place,
				struct relevo_result *result)
{
	if (piece->results[place].data == NULL)
		return false;
	*result = piece->results[place];
	piece->results[place].data = NULL;
	if (++piece->fetched == piece->count)
		free_piece(imap, piece);
	imap->fetched++;
	return true;
}

static bool pool_imap_fetch(relevo_imap *imap, struct relevo_result *result)
{
	if (imap->options.unordered || MUTANT(imap_as_it_comes)) {
		if (imap->arrived_count == 0)
			return false;
		struct arrived *arrived = &imap->arrived[imap->arrived_first];
		imap->arrived_first =
			(imap->arrived_first + 1) % (imap->piece_count * imap->options.chunk);
		imap->arrived_count--;
		return pool_imap_hand_over(imap, &imap->pieces[arrived->piece], arrived->place,
					   result);
	}
	struct piece *piece = piece_of(imap, imap->fetched);
	return piece != NULL &&
	       pool_imap_hand_over(imap, piece, imap->fetched - piece->first, result);
}

/* Take results that have come, waiting for them until the deadline. */
static void pool_imap_receive(relevo_imap *imap, nsec_t deadline, struct error *error)
{
	int status = job_receive(&imap->job, deadline, error);
	if (status == RELEVO_OK || status == RELEVO_TIMED_OUT)
		return;
	imap->end = *error;
	imap->status = status;
	imap->broken = true;
}

/* Take input as long as there is room, but not much longer than a moment: then there may
 * be results. Whether there is nothing to do now but to wait for some. */
static bool pool_imap_fill(relevo_imap *imap)
{
	nsec_t until = clock_now() + PULL_TIME;
	while (pull(imap)) {
		if (clock_now() >= until)
			return false;
	}
	return true;
}

/* Why there is no further result; each reason is given once. */
static int pool_imap_finish(relevo_imap *imap, struct error *error)
{
	*error = imap->end;
	imap->broken = true;
	error_set(&imap->end, RELEVO_END_OF_STREAM, "the iteration over \"%s\" has ended",
		  imap->function);
	return error->status;
}

/* Results have not come in time; who does not wait at all sends what there is room for. */
static bool pool_imap_is_late(const relevo_imap *imap, bool wait, const struct error *error)
{
	if (error->status != RELEVO_TIMED_OUT)
		return false;
	return wait || (imap->deadline != 0 && clock_now() >= imap->deadline &&
			!MUTANT(chunks_have_own_limits));
}

static int pool_imap_next(relevo_imap *imap, struct relevo_result *result, struct error *error)
{
	while (!imap->broken) {
		if (pool_imap_fetch(imap, result)) {
			/* What has been fetched makes room. */
			if (pull(imap))
				pull(imap);
			return RELEVO_OK;
		}
		bool wait = pool_imap_fill(imap);
		if (wait && imap->end.status != RELEVO_OK && imap->fetched == imap->taken)
			break;
		*error = (struct error){ 0 };
		pool_imap_receive(imap, wait ? imap->deadline : 0, error);
		if (pool_imap_is_late(imap, wait, error))
			return error->status;
	}
	return pool_imap_finish(imap, error);
}

int relevo_imap_next(relevo_imap *imap, int64_t timeout, struct relevo_result *result)
{
	if (!given(imap, result))
		return RELEVO_BAD_ARGUMENT;
	struct error failure = { 0 };
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, &failure);
	if (status == RELEVO_OK) {
		imap->deadline = deadline;
		imap->job.limit = session_patience(deadline);
		status = pool_imap_next(imap, result, &failure);
	}
	if (status == RELEVO_OK)
		failure = (struct error){ 0 };
	*thread_error() = failure;
	return status;
}

/* ---- beginning and end ------------------------------------------------------------- */

static void imap_free(relevo_imap *imap)
{
	for (size_t i = 0; imap->pieces != NULL && i < imap->piece_count; i++) {
		struct piece *piece = &imap->pieces[i];
		for (size_t k = 0; k < piece->count; k++)
			free((void *)piece->arguments[k].data);
		if (piece->results != NULL)
			relevo_results_free(piece->results, piece->count);
		free(piece->arguments);
		free(piece->results);
		free(piece->tries);
	}
	map_fini(&imap->numbered);
	free(imap->pieces);
	free(imap->arrived);
	free(imap->function);
	free(imap);
}

static bool make_pieces(relevo_imap *imap)
{
	size_t chunk = imap->options.chunk;
	list_init(&imap->free);
	map_init(&imap->numbered, 0);
	imap->pieces = calloc(imap->piece_count, sizeof *imap->pieces);
	imap->arrived = calloc(imap->piece_count * chunk, sizeof *imap->arrived);
	if (imap->pieces == NULL || imap->arrived == NULL)
		return false;
	for (size_t i = 0; i < imap->piece_count; i++) {
		struct piece *piece = &imap->pieces[i];
		piece->arguments = calloc(chunk, sizeof *piece->arguments);
		piece->results = calloc(chunk, sizeof *piece->results);
		piece->tries = calloc(chunk, sizeof *piece->tries);
		list_append(&imap->free, &piece->free);
		if (piece->arguments == NULL || piece->results == NULL || piece->tries == NULL)
			return false;
	}
	return true;
}

/* How many chunks the window has. */
static size_t chunks(const relevo_pool *pool, const struct relevo_imap_options *options)
{
	size_t least = 4 * (size_t)worker_group_size(pool->processes);
	size_t window = options->window > 0 ? options->window : DEFAULT_WINDOW;
	size_t count = window / options->chunk;
	if (options->window == 0 && count < least)
		count = least;
	return count > 0 ? count : 1;
}

static relevo_imap *imap_new(relevo_pool *pool, const char *function,
			     const struct relevo_input *input,
			     const struct relevo_imap_options *options)
{
	relevo_imap *imap = calloc(1, sizeof *imap);
	if (imap == NULL)
		return NULL;
	imap->input = *input;
	imap->options = *options;
	if (imap->options.chunk == 0)
		imap->options.chunk = 1;
	if (imap->options.chunk > MOST_IN_CHUNK)
		imap->options.chunk = MOST_IN_CHUNK;
	imap->piece_count = chunks(pool, &imap->options);
	imap->function = strdup(function);
	imap->job = (struct job){
		.pool = pool,
		.kind = &imap_kind,
		.function = imap->function,
		.options = &imap->options.task,
		.watched = true,
	};
	if (imap->function != NULL && make_pieces(imap))
		return imap;
	imap_free(imap);
	return NULL;
}

static int pool_imap_begin(relevo_pool *pool, relevo_imap *imap, struct error *error)
{
	int status = pool_enter(pool, error);
	if (status != RELEVO_OK)
		return status;
	imap->job.limit = session_limit(pool->session);
	status = job_open(&imap->job, error);
	if (status != RELEVO_OK)
		pool_leave(pool);
	return status;
}

int relevo_pool_imap(relevo_pool *pool, const char *function, const struct relevo_input *input,
		     const struct relevo_imap_options *options, relevo_imap **out)
{
	if (!given(pool, function, input, out) || !given_function(input->next) ||
	    !known(relevo_input, input) || !known(relevo_imap_options, options) ||
	    (options != NULL && !known(relevo_task_options, &options->task)))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_imap_options defaults;
	struct error failure = { 0 };
	if (options == NULL)
		options = &defaults;
	int status = job_check(function, &options->task, &failure);
	relevo_imap *imap = status == RELEVO_OK ? imap_new(pool, function, input, options) : NULL;
	if (status == RELEVO_OK && imap == NULL)
		status = error_set(&failure, RELEVO_NO_MEMORY, "no memory for an iteration");
	if (status == RELEVO_OK)
		status = pool_imap_begin(pool, imap, &failure);
	if (status == RELEVO_OK)
		*out = imap;
	else if (imap != NULL)
		imap_free(imap);
	*thread_error() = failure;
	return status;
}

/* Whether tasks are under way whose results have not come. */
static bool under_way(const relevo_imap *imap)
{
	for (size_t i = 0; i < imap->piece_count; i++) {
		const struct piece *piece = &imap->pieces[i];
		for (size_t k = 0; k < piece->count; k++) {
			if (piece->arguments[k].data != NULL)
				return true;
		}
	}
	return false;
}

void relevo_imap_free(relevo_imap *imap)
{
	if (imap == NULL)
		return;
	relevo_pool *pool = imap->job.pool;
	int status = imap->status != RELEVO_OK ? imap->status : RELEVO_CANCELLED;
	imap->job.limit = session_limit(pool->session);
	job_close(&imap->job, under_way(imap) ? status : RELEVO_OK);
	pool_leave(pool);
	imap_free(imap);
}
