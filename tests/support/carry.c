/* A client whose connection is cut, and one that sees what has come of it. */
#include "support/carry.h"

#include <time.h>

static struct line the_line;

relevo_queue *open_durable(relevo_session *session, const char *name,
			   struct relevo_queue_options options)
{
	relevo_queue *queue = NULL;
	options.durable = true;
	assert_ok(relevo_queue_open(session, name, &options, &queue));
	return queue;
}

void line_open(struct line *line, struct relevo_queue_options options)
{
	line->session = session_open(line->cutter.url);
	line->queue = open_durable(line->session, "line", options);
	line->direct = session_open(line->scene->broker.url);
	line->other = open_durable(line->direct, "line",
				   (struct relevo_queue_options){ .capacity = options.capacity });
}

static char data_folder[64];

int line_setup(void **state)
{
	static char data[96];
	test_folder_make(data_folder);
	snprintf(data, sizeof data, "%s/data", data_folder);
	const char *const arguments[] = { "--data", data, NULL };
	if (scene_setup_with(state, arguments) != 0)
		return -1;
	the_line = (struct line){ .scene = *state };
	const char *seed = getenv("CARRY_ON_SEED");
	uint32_t number = seed != NULL ? (uint32_t)atoi(seed) : (uint32_t)time(NULL);
	cutter_start(&the_line.cutter, the_line.scene->broker.url, number);
	print_message("seed %u (CARRY_ON_SEED)\n", number);
	*state = &the_line;
	return 0;
}

int line_teardown(void **state)
{
	atomic_store(&the_line.cutter.apart, 0);
	relevo_queue_close(the_line.queue);
	relevo_queue_close(the_line.other);
	int status = relevo_session_close(the_line.session);
	int other = relevo_session_close(the_line.direct);
	cutter_stop(&the_line.cutter);
	*state = the_line.scene;
	int torn = scene_teardown(state);
	test_folder_remove(data_folder);
	/* Some end in the gap, with nothing that is not confirmed. */
	bool closed = status == RELEVO_OK || status == RELEVO_DISCONNECTED;
	return closed && other == RELEVO_OK ? torn : -1;
}

void put_number(relevo_queue *queue, uint32_t number)
{
	assert_ok(relevo_queue_put(queue, &number, sizeof number, RELEVO_FOREVER));
}

uint32_t get_number(relevo_queue *queue)
{
	relevo_item item;
	uint32_t number;
	assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
	assert_int_equal(item.size, sizeof number);
	memcpy(&number, item.data, sizeof number);
	relevo_item_free(&item);
	return number;
}

void expect_numbers(relevo_queue *queue, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(get_number(queue), i);
	expect_empty(queue);
}

void put_numbers(relevo_queue *queue, uint32_t from, uint32_t count)
{
	uint32_t numbers[64];
	struct relevo_bytes items[64];
	while (count > 0) {
		uint32_t step = 1 + from % 64;
		step = step < count ? step : count;
		for (uint32_t i = 0; i < step; i++) {
			numbers[i] = from + i;
			items[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
		}
		size_t accepted = 0;
		assert_ok(relevo_queue_put_many(queue, items, step, RELEVO_FOREVER, &accepted));
		assert_int_equal(accepted, step);
		from += step;
		count -= step;
	}
}

void lose_what_was_said(struct line *line)
{
	atomic_store(&line->cutter.swallows, false);
	cutter_cut(&line->cutter);
}

void go_away(struct line *line)
{
	atomic_store(&line->cutter.away, true);
	cutter_cut(&line->cutter);
}

void come_back(struct line *line)
{
	atomic_store(&line->cutter.away, false);
}
