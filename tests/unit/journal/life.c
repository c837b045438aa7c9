/* What an engine has, seen from inside, and whether two looks agree. */
#include "life.h"

#include "cells/cell_handle.h"
#include "core/extension.h"
#include "core/lease_table.h"
#include "queues/queue_handle.h"
#include "stock/expiry.h"

#include <stdlib.h>
#include <string.h>

static uint64_t digest(uint64_t sum, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
	return (sum ^ size) * UINT64_C(0x100000001b3);
}

static uint64_t outside(const struct life *life, nsec_t time)
{
	return time == 0 || time == NSEC_NEVER ? time : life->wall + time;
}

struct looking {
	const struct life *life;
	struct snapshot *snapshot;
	const struct queue *queue;
};

static struct seen_item *see(struct snapshot *snapshot, const struct queue *queue,
			     uint64_t sequence)
{
	assert_true(snapshot->count < SEEN_MOST);
	struct seen_item *seen = &snapshot->items[snapshot->count++];
	*seen = (struct seen_item){ .queue = queue->key, .sequence = sequence };
	return seen;
}

static void see_item(const struct looking *looking, const struct item *item, uint64_t sequence,
		     nsec_t due)
{
	const struct life *life = looking->life;
	const struct queue *queue = looking->queue;
	struct seen_item *seen = see(looking->snapshot, queue, sequence);
	const struct item_extension *extension = item_extension(item);
	seen->digest = digest(1, item->body, item->size);
	seen->due = outside(life, due);
	seen->deliveries = item->deliveries;
	seen->rank = queue->stock.ranked ? item->order.rank : 0;
	if (extension == NULL)
		return;
	seen->expires = outside(life, extension->expiry.key);
	/* A key that was left behind in another queue is none. */
	if (extension->has_key)
		seen->digest = digest(seen->digest, extension->bytes, extension->key_size);
	seen->digest = digest(seen->digest, extension->bytes + extension->key_size,
			      extension->properties_size);
	/* So is where it goes when it was held for too long, if that is for ever. */
	if (extension->hold != 0)
		seen->digest =
			digest(seen->digest,
			       extension->bytes + extension->key_size + extension->properties_size,
			       extension->overdue_size);
	seen->digest = digest(seen->digest, &extension->hold, sizeof extension->hold);
}

struct cold_look {
	struct snapshot *snapshot;
	const struct queue *queue;
	uint64_t next, bytes;
};

static bool see_cold(void *context, uint64_t sequence, const uint8_t *body, uint32_t size)
{
	struct cold_look *look = context;
	assert_int_equal(sequence, look->next);
	look->next++;
	look->bytes += size;
	see(look->snapshot, look->queue, sequence)->digest = digest(1, body, size);
	return true;
}

static void see_on_disk(const struct life *life, struct snapshot *snapshot,
			const struct queue *queue)
{
	const struct cold *cold = &queue->stock.cold;
	struct recorder *recorder = journal_recorder(life->journal);
	struct error error = { 0 };
	for (size_t i = cold->start; i < cold->end; i++) {
		const struct cold_run *run = &cold->runs[i];
		struct cold_look look = { snapshot, queue, run->first, 0 };
		while (look.next < run->first + run->count) {
			const struct recorder_reading reading = { queue->key, look.next,
								  run->first + run->count -
									  look.next,
								  see_cold, &look };
			int status = recorder->operations->items_read(recorder, &reading, &error);
			if (status != RELEVO_OK)
				fail_msg("seed %lu: %s", (unsigned long)life->seed, error.text);
		}
		assert_int_equal(look.bytes, run->bytes);
	}
}

static void see_queue(const struct life *life, struct snapshot *snapshot, int which)
{
	struct queue *queue;
	struct error error;
	assert_int_equal(peer_find_queue(life->peer, life->handles[which], &queue, &error),
			 RELEVO_OK);
	const struct looking looking = { life, snapshot, queue };
	struct stock_walk walk = stock_walk(&queue->stock, 0, 0);
	const struct item *item;
	while ((item = stock_walk_next(&walk)) != NULL)
		see_item(&looking, item, item->order.key, 0);
	see_on_disk(life, snapshot, queue);
	for (uint32_t i = 1; i <= queue->stock.delayed.count; i++) {
		item = container_of(queue->stock.delayed.nodes[i], struct item, order);
		see_item(&looking, item, item->sequence, item->order.key);
	}
	snapshot->bytes[which] = queue->bytes;
	snapshot->ready[which] = stock_ready(&queue->stock) + queue->leased;
	list_for_each (node, &queue->leases) {
		item = container_of(node, struct lease, in_queue)->item;
		if (expiry_is_over(queue, item)) {
			/* It would come back, and is not there then. */
			snapshot->bytes[which] -= item->size;
			snapshot->ready[which]--;
			continue;
		}
		see_item(&looking, item, item->order.key, 0);
	}
	snapshot->keys[which] = queue->key;
	snapshot->delayed[which] = queue->stock.delayed.count;
	snapshot->last[which] = queue->last_sequence;
	snapshot->shutdown[which] = queue->shutdown;
}

static int compare_seen(const void *one, const void *other)
{
	const struct seen_item *a = one, *b = other;
	if (a->queue != b->queue)
		return a->queue < b->queue ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static void see_cell(const struct life *life, struct snapshot *snapshot, int which)
{
	struct cell *cell;
	struct error error;
	assert_int_equal(cell_of_handle(life->peer, life->cells[which], &cell, &error), RELEVO_OK);
	snapshot->cell_versions[which] = cell->version;
	snapshot->cell_digests[which] = digest(1, cell->bytes, cell->size);
}

void life_look(const struct life *life, struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof *snapshot);
	snapshot->records = life->disk.record_count;
	snapshot->time = life->wall + life->now;
	for (int i = 0; i < QUEUES; i++)
		see_queue(life, snapshot, i);
	for (int i = 0; i < CELLS; i++)
		see_cell(life, snapshot, i);
	qsort(snapshot->items, snapshot->count, sizeof snapshot->items[0], compare_seen);
}

static void same_items(const struct life *life, const struct snapshot *was,
		       const struct snapshot *is)
{
	for (size_t i = 0; i < was->count && i < is->count; i++) {
		const struct seen_item *a = &was->items[i], *b = &is->items[i];
		if (memcmp(a, b, sizeof *a) == 0)
			continue;
		fail_msg("seed %lu, restart %lu: queue %lu item %lu, deliveries %u, rank %u, due "
			 "%lu, expires %lu, %lx became queue %lu item %lu, deliveries %u, rank %u, "
			 "due %lu, expires %lu, %lx",
			 (unsigned long)life->seed, (unsigned long)life->restarts,
			 (unsigned long)a->queue, (unsigned long)a->sequence, a->deliveries,
			 a->rank, (unsigned long)a->due, (unsigned long)a->expires,
			 (unsigned long)a->digest, (unsigned long)b->queue,
			 (unsigned long)b->sequence, b->deliveries, b->rank, (unsigned long)b->due,
			 (unsigned long)b->expires, (unsigned long)b->digest);
	}
	if (was->count != is->count)
		fail_msg("seed %lu, restart %lu: of %zu items %zu are there",
			 (unsigned long)life->seed, (unsigned long)life->restarts, was->count,
			 is->count);
}

#define same_numbers(life, was, is, what)                                                          \
	do {                                                                                       \
		if (memcmp((was)->what, (is)->what, sizeof(was)->what) != 0)                       \
			fail_msg("seed %lu, restart %lu: %s", (unsigned long)(life)->seed,         \
				 (unsigned long)(life)->restarts, #what);                          \
	} while (0)

void life_same(const struct life *life, const struct snapshot *was, const struct snapshot *is)
{
	same_numbers(life, was, is, keys);
	same_items(life, was, is);
	same_numbers(life, was, is, last);
	same_numbers(life, was, is, bytes);
	same_numbers(life, was, is, ready);
	same_numbers(life, was, is, delayed);
	same_numbers(life, was, is, shutdown);
	same_numbers(life, was, is, cell_versions);
	same_numbers(life, was, is, cell_digests);
}
