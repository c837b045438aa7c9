/* What records add up to, beside a plain model; and records in bytes. */
#include "support/random.h"
#include "support/test.h"

#include "journal/kept.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUEUE = 7, MOST = 600, EXTENTS = 8 };

/* One item of the model. */
struct model_item {
	bool there;
	store_position at;
	uint32_t index;
	uint16_t deliveries;
	bool told;
};

struct model {
	struct model_item items[MOST + 1]; /* by sequence */
	uint64_t last;
};

struct world {
	struct kept kept;
	struct kept_queue *queue;
	struct model model;
	struct random random;
	uint64_t records;
};

static struct kept_queue *make_queue(struct kept *kept, uint64_t key)
{
	const struct queue_record record = { .key = key, .name = "jobs", .dead_letter = "" };
	struct kept_queue *queue = kept_queue_new(kept, &record);
	assert_non_null(queue);
	return queue;
}

static void begin(struct world *world, uint64_t seed)
{
	*world = (struct world){ .random = { seed } };
	kept_init(&world->kept, seed);
	world->queue = make_queue(&world->kept, QUEUE);
}

/* Three in a hundred begin a new record; the others go on with the one before. */
static void add_some(struct world *world)
{
	struct model *model = &world->model;
	uint32_t count = 1 + random_below(&world->random, 5);
	const struct model_item *last = &model->items[model->last];
	bool goes_on = model->last > 0 && last->at != 0 && random_percent(&world->random, 60);
	if (model->last + count > MOST)
		return;
	if (!goes_on)
		world->records++;
	store_position at =
		goes_on ? last->at
			: (1 + world->records % EXTENTS) << STORE_EXTENT_SHIFT | world->records;
	uint32_t index = goes_on ? last->index + 1 : 0;
	const struct kept_run run = {
		.first = model->last + 1,
		.at = at,
		.count = count,
		.index = index,
		.bytes = count * 10,
	};
	assert_true(kept_add(&world->kept, world->queue, &run));
	for (uint32_t i = 0; i < count; i++)
		model->items[++model->last] =
			(struct model_item){ .there = true, .at = at, .index = index + i };
}

static void remove_some(struct world *world)
{
	struct model *model = &world->model;
	uint64_t first = 1 + random_below(&world->random, (uint32_t)model->last + 1);
	uint64_t count = 1 + random_below(&world->random, 3);
	assert_true(kept_remove(&world->kept, world->queue, first, count));
	for (uint64_t i = first; i < first + count && i <= MOST; i++)
		model->items[i].there = false;
}

static void tell_one(struct world *world)
{
	uint64_t sequence = 1 + random_below(&world->random, (uint32_t)world->model.last + 1);
	uint16_t deliveries = (uint16_t)random_below(&world->random, 9);
	assert_true(kept_tell(&world->kept, world->queue, sequence,
			      &(struct kept_fate){ .deliveries = deliveries }));
	if (sequence > MOST || !world->model.items[sequence].there)
		return;
	world->model.items[sequence].deliveries = deliveries;
	world->model.items[sequence].told = true;
}

static void compare(struct world *world)
{
	uint64_t live[EXTENTS + 1] = { 0 }, items = 0;
	for (uint64_t i = 1; i <= world->model.last; i++) {
		const struct model_item *item = &world->model.items[i];
		const struct kept_run *run = kept_find(world->queue, i);
		assert_int_equal(run != NULL, item->there);
		if (run == NULL)
			continue;
		assert_true(run->at == item->at);
		assert_int_equal(run->index + (i - run->first), item->index);
		assert_int_equal(kept_deliveries(world->queue, run, i),
				 item->told ? item->deliveries : 0);
		live[store_extent(item->at)]++;
		items++;
	}
	assert_int_equal(world->queue->items, items);
	for (uint32_t extent = 1; extent <= EXTENTS; extent++) {
		const struct extent *found = space_extent(&world->kept.space, extent);
		assert_int_equal(found != NULL ? found->live : 0, live[extent]);
	}
}

static void runs_are_what_a_plain_model_is(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct world world;
		begin(&world, seed);
		/* Whichever extent is first. */
		assert_true(space_reach(&world.kept.space, 1));
		assert_true(space_reach(&world.kept.space, EXTENTS));
		for (int step = 0; step < 600; step++) {
			uint32_t what = random_below(&world.random, 10);
			if (what < 4)
				add_some(&world);
			else if (what < 8)
				remove_some(&world);
			else
				tell_one(&world);
			if (step % 20 == 0)
				compare(&world);
		}
		compare(&world);
		kept_fini(&world.kept);
	}
}

/* ---- images ---------------------------------------------------------------- */

/* Records as a journal would write them. */
struct script {
	struct {
		uint8_t type;
		uint8_t bytes[200];
		size_t size;
	} records[400];
	size_t count;
};

static void write_items(struct script *script, uint64_t first, uint32_t count)
{
	static const uint8_t client[CLIENT_SIZE] = "0123456789abcde";
	uint8_t *bytes = script->records[script->count].bytes;
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
		byte_put_number(&writer, 3 | (i > 0 ? ITEM_ENTRY_NEXT_PUT : 0), ITEM_ENTRY_SIZE);
		byte_put(&writer, "abc", 3);
	}
	script->records[script->count].type = RECORD_ITEMS;
	script->records[script->count++].size = (size_t)(writer.at - bytes);
}

static void write_small(struct script *script, enum record_type type,
			const struct small_record *record)
{
	script->records[script->count].type = (uint8_t)type;
	script->records[script->count].size =
		small_record_write(type, record, script->records[script->count].bytes);
	script->count++;
}

static void make_script(struct script *script, struct random *random)
{
	uint64_t last = 0;
	script->count = 0;
	while (script->count < 400) {
		uint32_t what = random_below(random, 10);
		const struct small_record small = {
			.queue = QUEUE,
			.sequence = 1 + random_below(random, (uint32_t)last + 1),
			.count = 1 + random_below(random, 4),
			.deliveries = (uint16_t)random_below(random, 5),
		};
		if (what < 4) {
			uint32_t count = 1 + random_below(random, 6);
			write_items(script, last + 1, count);
			last += count;
		} else if (small.sequence + small.count <= last) {
			write_small(script,
				    what < 7   ? RECORD_ITEMS_GONE
				    : what < 9 ? RECORD_ITEM
					       : RECORD_HANDED_OUT,
				    &small);
		}
	}
}

static void read_script(struct kept *kept, const struct script *script, size_t from, size_t to)
{
	struct error error;
	for (size_t i = from; i < to; i++) {
		store_position at = UINT64_C(1) << STORE_EXTENT_SHIFT | i;
		const struct store_record record = { script->records[i].type,
						     script->records[i].bytes,
						     script->records[i].size };
		assert_int_equal(kept_read(kept, at, &record, &error), RELEVO_OK);
	}
}

static void same(const struct kept_queue *one, const struct kept_queue *other)
{
	assert_int_equal(one->items, other->items);
	assert_int_equal(one->last_sequence, other->last_sequence);
	assert_int_equal(one->handed_out, other->handed_out);
	for (uint64_t i = 1; i <= one->last_sequence; i++) {
		const struct kept_run *run = kept_find(one, i), *there = kept_find(other, i);
		assert_int_equal(run != NULL, there != NULL);
		if (run == NULL)
			continue;
		assert_true(run->at == there->at);
		assert_int_equal(run->index + (i - run->first), there->index + (i - there->first));
		assert_int_equal(kept_deliveries(one, run, i), kept_deliveries(other, there, i));
	}
}

/* What is in the image of a queue of which `from` records were read when it began, and one more
 * for each few of its runs: it changes while it is written. Returns what was read by its end. */
static size_t image_of(struct kept *image, struct kept *kept, const struct script *script,
		       size_t from, struct random *random)
{
	struct kept_queue *queue = make_queue(image, QUEUE);
	const struct kept_queue *source = kept_queue_find(kept, QUEUE);
	const struct kept_run *run;
	struct error error;
	uint64_t sequence = 0;
	queue->handed_out = source->handed_out;
	queue->last_sequence = source->last_sequence;
	while ((run = kept_next(source, sequence + 1)) != NULL) {
		uint8_t bytes[SMALL_RECORD_SIZE];
		const struct small_record record = {
			.queue = QUEUE,
			.sequence = run->first,
			.count = run->count,
			.at = run->at,
			.index = run->index,
			.bytes = run->bytes,
			.deliveries = run->deliveries,
			.flags = run->flags,
		};
		size_t size = small_record_write(RECORD_RUN, &record, bytes);
		sequence = run->first + run->count - 1;
		assert_true(space_reach(&image->space, store_extent(run->at)));
		assert_int_equal(kept_read_image(image,
						 &(struct store_record){ RECORD_RUN, bytes, size },
						 &error),
				 RELEVO_OK);
		if (from < script->count && random_percent(random, 70)) {
			read_script(kept, script, from, from + 1);
			from++;
		}
	}
	return from;
}

static void an_image_taken_amid_changes_comes_right(void **state)
{
	(void)state;
	static struct script script;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct random random = { seed };
		struct kept kept, image;
		size_t from = random_below(&random, 300);
		make_script(&script, &random);
		kept_init(&kept, 1);
		kept_init(&image, 2);
		make_queue(&kept, QUEUE);
		read_script(&kept, &script, 0, from);
		size_t end = image_of(&image, &kept, &script, from, &random);
		read_script(&kept, &script, end, script.count);
		read_script(&image, &script, from, script.count);
		same(kept_queue_find(&kept, QUEUE), kept_queue_find(&image, QUEUE));
		kept_fini(&kept);
		kept_fini(&image);
	}
}

/* ---- records ------------------------------------------------------------------ */

static void cut_off_records_are_refused(void **state)
{
	(void)state;
	uint8_t bytes[QUEUE_RECORD_MAX];
	const struct queue_record record = { .key = 3,
					     .uid = 9,
					     .owner = "its own client",
					     .capacity = 12,
					     .name = "a",
					     .dead_letter = "dead" };
	struct queue_record read;
	size_t size = queue_record_write(&record, bytes);
	assert_true(queue_record_read(&read, bytes, size));
	assert_string_equal(read.name, "a");
	assert_string_equal(read.dead_letter, "dead");
	assert_int_equal(read.capacity, 12);
	assert_memory_equal(record_owner(read.owner), record.owner, CLIENT_SIZE);
	for (size_t i = 0; i < size; i++)
		assert_false(queue_record_read(&read, bytes, i));
	struct kept kept;
	struct error error;
	kept_init(&kept, 1);
	assert_int_equal(kept_read(&kept, 1, &(struct store_record){ 200, bytes, size }, &error),
			 RELEVO_DAMAGED);
	kept_fini(&kept);
}

static void puts_are_known_by_their_client(void **state)
{
	(void)state;
	static struct script script;
	struct kept kept;
	kept_init(&kept, 1);
	struct kept_queue *queue = make_queue(&kept, QUEUE);
	script.count = 0;
	write_items(&script, 1, 4);
	read_script(&kept, &script, 0, 1);
	struct map_node *node = map_next(&queue->clients, NULL);
	assert_non_null(node);
	const struct kept_client *known = container_of(node, struct kept_client, node);
	assert_memory_equal(known->client, "0123456789abcde", CLIENT_SIZE);
	/* Each item is the first of its put: 1, 2, 3, 4. */
	assert_int_equal(known->end - known->first, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(known->puts[i].number, i + 1);
		assert_int_equal(known->puts[i].accepted, 1);
	}
	/* Its next says that three of them are settled. */
	struct put_record record = { .queue = QUEUE, .put = 5, .settled = 4, .accepted = 2 };
	memcpy(record.client, known->client, CLIENT_SIZE);
	assert_true(kept_put_set(queue, &record));
	assert_int_equal(known->puts[known->first].number, 4);
	assert_int_equal(known->end - known->first, 2);
	kept_fini(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_what_a_plain_model_is),
		cmocka_unit_test(an_image_taken_amid_changes_comes_right),
		cmocka_unit_test(cut_off_records_are_refused),
		cmocka_unit_test(puts_are_known_by_their_client),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
