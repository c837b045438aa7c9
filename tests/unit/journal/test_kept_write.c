/* A copy of what is kept is the same, but for what cannot be read. */
#include "support/store_memory.h"
#include "support/test.h"

#include "journal/kept_write.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUEUE = 7, CELL = 3 };

/* A store, and what its records add up to. */
struct side {
	struct memory_disk disk;
	struct store *store;
	struct kept kept;
};

static int side_image(void *context, const struct store_record *record, struct error *error)
{
	struct side *side = context;
	return kept_read_image(&side->kept, record, error);
}

static int side_record(void *context, store_position at, const struct store_record *record,
		       struct error *error)
{
	struct side *side = context;
	return kept_read(&side->kept, at, record, error);
}

static void side_open(struct side *side)
{
	const struct store_reader reader = { side, side_image, side_record };
	struct error error;
	kept_init(&side->kept, 1);
	assert_true(space_reach(&side->kept.space, 1));
	side->store = store_memory_open(&side->disk);
	assert_non_null(side->store);
	assert_int_equal(side->store->operations->recover(side->store, &reader, &error), RELEVO_OK);
}

static void side_close(struct side *side)
{
	side->store->operations->close(side->store);
	kept_fini(&side->kept);
}

/* ---- what is in the first ----------------------------------------------------- */

static store_position append(struct side *side, enum record_type type, const void *bytes,
			     size_t size)
{
	const struct store_part part = { bytes, size };
	store_position at;
	assert_int_equal(side->store->operations->append(side->store, (uint8_t)type, &part, 1, &at),
			 RELEVO_OK);
	assert_int_equal(side->store->operations->commit(side->store, false, NULL, NULL),
			 RELEVO_OK);
	side->store->operations->dispatch(side->store);
	return at;
}

static void append_small(struct side *side, enum record_type type, struct small_record record)
{
	uint8_t bytes[SMALL_RECORD_SIZE];
	record.queue = QUEUE;
	append(side, type, bytes, small_record_write(type, &record, bytes));
}

/* Items "1", "2" ... of puts of one client. */
static void append_items(struct side *side, uint64_t first, uint32_t count)
{
	static const uint8_t client[CLIENT_SIZE] = "0123456789abcde";
	uint8_t bytes[400];
	const struct items_record head = {
		.flags = ITEMS_PUT,
		.queue = QUEUE,
		.first = first,
		.uid = 5,
		.client = client,
		.put = first,
	};
	struct byte_writer writer = { bytes + items_record_write(&head, bytes) };
	for (uint32_t i = 0; i < count; i++) {
		char body[8];
		uint32_t size = (uint32_t)snprintf(body, sizeof body, "%u", (unsigned)first + i);
		byte_put_number(&writer, size | (i > 0 ? ITEM_ENTRY_NEXT_PUT : 0), ITEM_ENTRY_SIZE);
		byte_put(&writer, body, size);
	}
	append(side, RECORD_ITEMS, bytes, (size_t)(writer.at - bytes));
}

/* One with all that an item can have. */
static void append_rich(struct side *side, uint64_t sequence)
{
	uint8_t bytes[200];
	const struct items_record head = {
		.flags = ITEMS_RANKED | ITEMS_EXTENDED | ITEMS_DELAYED,
		.queue = QUEUE,
		.first = sequence,
		.rank = 9,
		.due = 1000,
		.expires = 2000,
		.hold = 30,
		.key = (const uint8_t *)"key",
		.key_size = 3,
		.properties = (const uint8_t *)"properties",
		.properties_size = 10,
	};
	struct byte_writer writer = { bytes + items_record_write(&head, bytes) };
	byte_put(&writer, "keyproperties", 13);
	byte_put_number(&writer, 4, ITEM_ENTRY_SIZE);
	byte_put(&writer, "rich", 4);
	append(side, RECORD_ITEMS, bytes, (size_t)(writer.at - bytes));
}

static void make_source(struct side *side)
{
	uint8_t bytes[QUEUE_RECORD_MAX];
	const struct queue_record queue = {
		.key = QUEUE, .uid = 5, .capacity = 12, .name = "jobs", .dead_letter = "dead"
	};
	const struct cell_record cell = {
		.identity = CELL, .width = 4, .count = 1, .name = "n", .purpose = "value"
	};
	side_open(side);
	append(side, RECORD_QUEUE, bytes, queue_record_write(&queue, bytes));
	append_items(side, 1, 6);
	append_items(side, 7, 6);
	append_rich(side, 13);
	append_items(side, 14, 2);
	append_small(side, RECORD_ITEMS_GONE, (struct small_record){ .sequence = 2, .count = 2 });
	append_small(side, RECORD_ITEMS_GONE, (struct small_record){ .sequence = 14, .count = 2 });
	append_small(side, RECORD_ITEM, (struct small_record){ .sequence = 9, .deliveries = 4 });
	append_small(side, RECORD_HANDED_OUT, (struct small_record){ .sequence = 6 });
	append_small(side, RECORD_SHUTDOWN, (struct small_record){ .count = 1 });
	size_t head = cell_record_write(&cell, bytes);
	memcpy(bytes + head, "abcd", 4);
	append(side, RECORD_CELL, bytes, head + 4);
	side_close(side);
	side_open(side);
	assert_int_equal(kept_queue_find(&side->kept, QUEUE)->items, 11);
}

/* ---- items as texts ------------------------------------------------------------ */

struct listing {
	char text[2000];
	size_t size;
};

static int list_see(void *context, const struct kept_view *view, struct error *error)
{
	struct listing *listing = context;
	const struct items_record *head = view->head;
	struct byte_reader reader = view->entries;
	struct item_entry entry;
	(void)error;
	for (uint32_t i = 0; i < view->run->count; i++) {
		uint64_t sequence = view->run->first + i;
		assert_true(item_entry_next(&reader, &entry));
		listing->size += (size_t)snprintf(
			listing->text + listing->size, sizeof listing->text - listing->size,
			"%u:%.*s/%u/%u/%u/%u/%u/%.*s%.*s ", (unsigned)sequence, (int)entry.size,
			(const char *)entry.body, kept_deliveries(view->queue, view->run, sequence),
			view->run->uid, (unsigned)view->run->due, head->rank,
			(unsigned)(head->expires + head->hold), (int)head->key_size,
			(const char *)head->key, (int)head->properties_size,
			(const char *)head->properties);
	}
	return RELEVO_OK;
}

static void list_items(struct side *side, struct listing *listing)
{
	struct kept_walk walk = { .store = side->store, .see = list_see, .context = listing };
	struct error error;
	*listing = (struct listing){ .size = 0 };
	assert_int_equal(kept_walk_queue(&walk, kept_queue_find(&side->kept, QUEUE), &error),
			 RELEVO_OK);
	assert_int_equal(walk.gaps.count, 0);
	kept_walk_fini(&walk);
}

/* ---- tests ------------------------------------------------------------------------ */

static void copy(struct side *from, struct side *to, struct kept_walk *walk)
{
	struct error error;
	side_open(to);
	struct kept_writer writer = { .store = to->store };
	*walk = (struct kept_walk){ .store = from->store };
	assert_int_equal(kept_write(&writer, &from->kept, walk, &error), RELEVO_OK);
	assert_int_equal(kept_write_end(&writer, &error), RELEVO_OK);
	assert_int_equal(writer.queues, 1);
	assert_int_equal(writer.cells, 1);
	side_close(to);
	side_open(to);
}

static void expect_same_numbers(const struct kept *one, const struct kept *other)
{
	const struct kept_queue *queue = kept_queue_find(one, QUEUE);
	const struct kept_queue *there = kept_queue_find(other, QUEUE);
	const struct kept_cell *cell = kept_cell_find(other, CELL);
	assert_non_null(there);
	assert_string_equal(there->record.name, "jobs");
	assert_string_equal(there->record.dead_letter, "dead");
	assert_int_equal(there->record.capacity, 12);
	assert_int_equal(there->last_sequence, 15);
	assert_int_equal(there->handed_out, queue->handed_out);
	assert_int_equal(there->shutdown, 1);
	assert_int_equal(there->clients.count, 1);
	const struct kept_client *client =
		container_of(map_next(&there->clients, NULL), struct kept_client, node);
	assert_int_equal(client->end - client->first, 14);
	assert_int_equal(other->last_key, QUEUE);
	assert_int_equal(other->last_cell, CELL);
	assert_non_null(cell);
	assert_memory_equal(cell->record + cell->contents, "abcd", 4);
}

static void a_copy_is_the_same(void **state)
{
	static struct side from, to;
	struct kept_walk walk;
	struct listing one, other;
	(void)state;
	from = to = (struct side){ .store = NULL };
	make_source(&from);
	copy(&from, &to, &walk);
	assert_int_equal(walk.gaps.items, 0);
	list_items(&from, &one);
	list_items(&to, &other);
	assert_string_equal(one.text, other.text);
	assert_non_null(strstr(one.text, "9:9/4/5/"));
	assert_non_null(strstr(one.text, "13:rich/0/0/1000/9/2030/keyproperties"));
	expect_same_numbers(&from.kept, &to.kept);
	kept_walk_fini(&walk);
	side_close(&to);
	side_close(&from);
	memory_disk_fini(&from.disk);
	memory_disk_fini(&to.disk);
}

/* Where the runs from 7 on stand is told wrongly. */
static void misplace(struct side *side)
{
	struct kept_queue *queue = kept_queue_find(&side->kept, QUEUE);
	const struct kept_run *found = kept_find(queue, 7);
	for (uint64_t i = 7; i <= 12; i++) {
		struct kept_run run = *kept_find(queue, i);
		run.at = found->at + 1;
		run.first = i;
		run.count = 1;
		assert_true(kept_replace(&side->kept, queue, &run));
	}
}

static void what_cannot_be_read_is_a_gap(void **state)
{
	static struct side from, to;
	struct kept_walk walk;
	struct listing other;
	(void)state;
	from = to = (struct side){ .store = NULL };
	make_source(&from);
	misplace(&from);
	copy(&from, &to, &walk);
	assert_int_equal(walk.gaps.items, 6);
	assert_int_not_equal(walk.first.status, RELEVO_OK);
	list_items(&to, &other);
	assert_non_null(strstr(other.text, "6:6/1/5/"));
	assert_null(strstr(other.text, "7:7/"));
	assert_non_null(strstr(other.text, "13:rich/"));
	kept_walk_fini(&walk);
	side_close(&to);
	side_close(&from);
	memory_disk_fini(&from.disk);
	memory_disk_fini(&to.disk);
}

/* What stands elsewhere by now is read there; what has left is no gap. */
static void a_second_look_fills_gaps(void **state)
{
	static struct side from;
	struct listing seen = { .size = 0 };
	struct error error;
	(void)state;
	from = (struct side){ .store = NULL };
	make_source(&from);
	struct kept older;
	kept_init(&older, 1);
	assert_true(space_reach(&older.space, 1));
	const struct queue_record record = { .key = QUEUE, .name = "jobs", .dead_letter = "" };
	struct kept_queue *queue = kept_queue_new(&older, &record);
	const struct kept_run run = { .first = 1,
				      .at = (store_position)1 << STORE_EXTENT_SHIFT | 1,
				      .count = 12 };
	assert_true(kept_add(&older, queue, &run));
	struct kept_walk walk = { .store = from.store, .see = list_see, .context = &seen };
	assert_int_equal(kept_walk_queue(&walk, queue, &error), RELEVO_OK);
	assert_int_equal(walk.gaps.items, 12);
	assert_int_equal(kept_walk_again(&walk, &from.kept, &error), RELEVO_OK);
	assert_int_equal(walk.gaps.items, 0);
	assert_non_null(strstr(seen.text, "1:1/1/5/"));
	assert_null(strstr(seen.text, "2:2/"));
	assert_non_null(strstr(seen.text, "12:12/0/5/"));
	assert_null(strstr(seen.text, "13:"));
	kept_walk_fini(&walk);
	kept_fini(&older);
	side_close(&from);
	memory_disk_fini(&from.disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_the_same),
		cmocka_unit_test(what_cannot_be_read_is_a_gap),
		cmocka_unit_test(a_second_look_fills_gaps),
	};
	return cmocka_run_group_tests_name("journal/kept_write", tests, NULL, NULL);
}
