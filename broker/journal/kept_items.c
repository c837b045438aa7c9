/* Where the items of a queue stand: runs, cut as items leave. */
#include "journal/kept_items.h"

#include <assert.h>
#include <stdlib.h>

/* Runs that share an item are the same to the order: so one finds the run of an item. */
static int compare_runs(const void *key, const void *element)
{
	const struct kept_run *one = key, *other = element;
	if (one->first + one->count <= other->first)
		return -1;
	return one->first >= other->first + other->count ? 1 : 0;
}

struct kept_run *kept_next(const struct kept_queue *queue, uint64_t sequence)
{
	const struct kept_run key = { .first = sequence, .count = 1 };
	struct sorted_place place = sorted_find(&queue->runs, &key, false);
	return sorted_next(&queue->runs, &place);
}

static bool run_has(const struct kept_run *run, uint64_t sequence)
{
	return run->first <= sequence && sequence - run->first < run->count;
}

struct kept_run *kept_find(const struct kept_queue *queue, uint64_t sequence)
{
	if (queue->last != NULL && run_has(queue->last, sequence))
		return queue->last;
	struct kept_run *run = kept_next(queue, sequence);
	return run != NULL && run_has(run, sequence) ? run : NULL;
}

uint16_t kept_deliveries(const struct kept_queue *queue, const struct kept_run *run,
			 uint64_t sequence)
{
	if (run->flags & KEPT_TOLD)
		return run->deliveries;
	return sequence <= queue->handed_out;
}

/* ---- memory --------------------------------------------------------------- */

static bool have_spare(struct kept *kept)
{
	if (kept->spare == NULL)
		kept->spare = malloc(sizeof *kept->spare);
	return kept->spare != NULL;
}

static bool run_insert(struct kept *kept, struct kept_queue *queue, const struct kept_run *run)
{
	if (!have_spare(kept))
		return false;
	*kept->spare = *run;
	if (!sorted_insert(&queue->runs, kept->spare))
		return false;
	queue->last = kept->spare;
	kept->spare = NULL;
	return true;
}

/* ---- adding ---------------------------------------------------------------- */

/* What one behind the other was put into one record grows as one run. */
static bool run_follows(const struct kept_run *run, const struct kept_run *next)
{
	return run->at == next->at && run->first + run->count == next->first &&
	       run->index + run->count == next->index && run->flags == next->flags &&
	       run->due == next->due && !(run->flags & KEPT_TOLD);
}

static uint32_t bytes_together(uint32_t one, uint32_t other)
{
	if (one == KEPT_BYTES_UNKNOWN || other >= KEPT_BYTES_UNKNOWN - one)
		return KEPT_BYTES_UNKNOWN;
	return one + other;
}

static bool add_here(struct kept *kept, struct kept_queue *queue, const struct kept_run *run)
{
	struct kept_run *last = queue->last;
	if (!space_reach(&kept->space, store_extent(run->at)))
		return false;
	if (last != NULL && run_follows(last, run)) {
		last->count += run->count;
		last->bytes = bytes_together(last->bytes, run->bytes);
	} else if (!run_insert(kept, queue, run)) {
		return false;
	}
	space_add(&kept->space, store_extent(run->at), run->count);
	queue->items += run->count;
	if (run->first + run->count - 1 > queue->last_sequence)
		queue->last_sequence = run->first + run->count - 1;
	return true;
}

/* A part of it. */
static struct kept_run part_of(const struct kept_run *run, uint64_t first, uint64_t count)
{
	struct kept_run part = *run;
	part.index += (uint32_t)(first - run->first);
	part.first = first;
	part.count = (uint32_t)count;
	if (count != run->count)
		part.bytes = KEPT_BYTES_UNKNOWN;
	return part;
}

bool kept_add(struct kept *kept, struct kept_queue *queue, const struct kept_run *run)
{
	uint64_t first = run->first, end = run->first + run->count;
	if (first > queue->last_sequence)
		return add_here(kept, queue, run);
	while (first < end) {
		const struct kept_run *there = kept_next(queue, first);
		uint64_t stop = there != NULL && there->first < end ? there->first : end;
		if (first < stop) {
			const struct kept_run part = part_of(run, first, stop - first);
			if (!add_here(kept, queue, &part))
				return false;
			there = kept_next(queue, stop);
		}
		first = there != NULL && there->first < end ? there->first + there->count : end;
	}
	return true;
}

/* ---- removing ----------------------------------------------------------------- */

static void run_gone(struct kept *kept, struct kept_queue *queue, struct kept_run *run)
{
	bool removed = sorted_remove(&queue->runs, run);
	assert(removed);
	(void)removed;
	if (queue->last == run)
		queue->last = NULL;
	if (kept->spare == NULL)
		kept->spare = run;
	else
		free(run);
}

/* The items from `first` on, `count` of them, leave the run, which has them. */
static bool run_cut(struct kept *kept, struct kept_queue *queue, struct kept_run *run,
		    uint64_t first, uint64_t count)
{
	uint64_t before = first - run->first;
	uint64_t behind = run->count - before - count;
	if (before > 0 && behind > 0) {
		const struct kept_run tail = part_of(run, first + count, behind);
		uint32_t whole = run->count;
		if (!have_spare(kept))
			return false;
		*kept->spare = tail;
		run->count = (uint32_t)before;
		if (!sorted_insert(&queue->runs, kept->spare)) {
			run->count = whole;
			return false;
		}
		kept->spare = NULL;
		run->bytes = KEPT_BYTES_UNKNOWN;
	} else if (before == 0 && behind == 0) {
		run_gone(kept, queue, run);
	} else {
		*run = part_of(run, before > 0 ? run->first : first + count, before + behind);
	}
	return true;
}

bool kept_remove(struct kept *kept, struct kept_queue *queue, uint64_t first, uint64_t count)
{
	uint64_t end = first + count;
	struct kept_run *run;
	while (first < end && (run = kept_next(queue, first)) != NULL && run->first < end) {
		uint64_t from = run->first > first ? run->first : first;
		uint64_t to = run->first + run->count < end ? run->first + run->count : end;
		uint32_t extent = store_extent(run->at);
		if (!run_cut(kept, queue, run, from, to - from))
			return false;
		space_remove(&kept->space, extent, to - from);
		queue->items -= to - from;
		first = to;
	}
	return true;
}

bool kept_replace(struct kept *kept, struct kept_queue *queue, const struct kept_run *run)
{
	return kept_remove(kept, queue, run->first, run->count) && kept_add(kept, queue, run);
}

bool kept_tell(struct kept *kept, struct kept_queue *queue, uint64_t sequence,
	       const struct kept_fate *fate)
{
	struct kept_run *run = kept_find(queue, sequence);
	if (run == NULL)
		return true;
	struct kept_run told = part_of(run, sequence, 1);
	told.deliveries = fate->deliveries;
	told.due = fate->due;
	told.flags |= KEPT_TOLD | (fate->immortal ? KEPT_IMMORTAL : 0);
	if (run->count == 1) {
		*run = told;
		return true;
	}
	struct kept_run *own = malloc(sizeof *own);
	if (own == NULL || !sorted_reserve(&queue->runs, 2) ||
	    !run_cut(kept, queue, run, sequence, 1)) {
		free(own);
		return false;
	}
	*own = told;
	/* There is room. */
	return sorted_insert(&queue->runs, own);
}

void kept_items_init(struct kept_queue *queue)
{
	queue->runs.compare = compare_runs;
}

void kept_items_fini(struct kept *kept, struct kept_queue *queue)
{
	struct kept_run *run;
	while ((run = sorted_first(&queue->runs)) != NULL) {
		space_remove(&kept->space, store_extent(run->at), run->count);
		run_gone(kept, queue, run);
	}
	sorted_fini(&queue->runs);
}
