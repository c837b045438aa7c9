/* The command "data dump": writes the items that a data folder keeps. */
#include "cli/base64.h"
#include "cli/commands.h"
#include "cli/data_load.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "stock/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	bool nul, raw;
} given;

static const struct option_row options[] = {
	{ "null", '0', NULL, "write a byte 0 behind each, not a newline", .flag = &given.nul },
	{ "raw", 'r', NULL, "write nothing behind them", .flag = &given.raw },
	{ 0 },
};

/* An item of a queue that is not first in, first out. */
struct dump_place {
	uint32_t rank;
	struct kept_run run; /* it alone */
};

struct dump {
	bool json;
	struct dump_place *places;
	size_t count, capacity;
};

/* ---- one item ------------------------------------------------------------- */

static bool set(json_t *object, const char *name, uint64_t number)
{
	return json_object_set_new(object, name, json_integer((json_int_t)number)) == 0;
}

/* 0 and what never comes are not said. In ms since 1970. */
static bool set_time(json_t *object, const char *name, uint64_t wall)
{
	return wall == 0 || wall == UINT64_MAX || set(object, name, wall / NSEC_PER_MSEC);
}

static bool set_base64(json_t *object, const char *name, const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return true;
	char *encoded = base64_encode(bytes, size);
	int failed = encoded == NULL || json_object_set_new(object, name, json_string(encoded));
	free(encoded);
	return failed == 0;
}

static bool set_rank(json_t *object, const struct kept_view *view)
{
	uint32_t rank = view->head->rank;
	switch (view->queue->record.order) {
	case QUEUE_PRIORITY:
		return json_object_set_new(object, "priority",
					   json_integer((int32_t)((UINT32_MAX - rank) ^
								  (UINT32_C(1) << 31)))) == 0;
	case QUEUE_SHORTEST:
		return set(object, "cost", rank);
	default:
		return true;
	}
}

static bool set_extension(json_t *object, const struct kept_view *view)
{
	const struct items_record *head = view->head;
	if (!(head->flags & ITEMS_EXTENDED))
		return true;
	const struct relevo_bytes key = { (void *)head->key, head->key_size };
	bool immortal = (view->run->flags & KEPT_IMMORTAL) != 0;
	return (immortal || set_time(object, "expires", head->expires)) &&
	       (head->hold == 0 || set(object, "lease", head->hold / NSEC_PER_MSEC)) &&
	       (head->key_size == 0 || output_set_bytes(object, "key", &key)) &&
	       set_base64(object, "properties", head->properties, head->properties_size);
}

static json_t *dump_to_json(const struct kept_view *view, uint64_t sequence,
			    const struct item_entry *entry)
{
	const struct relevo_bytes body = { (void *)entry->body, entry->size };
	json_t *object = json_object();
	bool made =
		object != NULL &&
		json_object_set_new(object, "queue", json_string(view->queue->record.name)) == 0 &&
		set(object, "sequence", sequence) && set(object, "size", entry->size) &&
		set(object, "deliveries", kept_deliveries(view->queue, view->run, sequence)) &&
		set_rank(object, view) && set_time(object, "due", view->run->due) &&
		set_extension(object, view);
	json_t *text = made ? json_stringn(body.data, body.size) : NULL;
	if (text != NULL)
		made = json_object_set_new(object, "text", text) == 0;
	else if (made)
		made = set_base64(object, "base64", body.data, body.size);
	if (made)
		return object;
	json_decref(object);
	return NULL;
}

static int dump_item(const struct dump *dump, const struct kept_view *view, uint64_t sequence,
		     const struct item_entry *entry)
{
	if (dump->json)
		return output_json(dump_to_json(view, sequence, entry));
	fwrite(entry->body, 1, entry->size, stdout);
	if (!given.raw)
		putchar(given.nul ? '\0' : '\n');
	return EXIT_DONE;
}

/* Nobody reads any more, or the disk is full: output_close() tells. */
static int dump_see(void *context, const struct kept_view *view, struct error *error)
{
	struct byte_reader reader = view->entries;
	struct item_entry entry;
	for (uint32_t i = 0; i < view->run->count && item_entry_next(&reader, &entry); i++) {
		if (dump_item(context, view, view->run->first + i, &entry) != EXIT_DONE)
			return error_set(error, RELEVO_NO_MEMORY, "no memory");
		if (ferror(stdout))
			return RELEVO_CANCELLED;
	}
	return RELEVO_OK;
}

/* ---- order ------------------------------------------------------------------ */

static int dump_note(void *context, const struct kept_view *view, struct error *error)
{
	struct dump *dump = context;
	for (uint32_t i = 0; i < view->run->count; i++) {
		if (dump->count == dump->capacity) {
			size_t capacity = dump->capacity * 2 + 256;
			void *places = realloc(dump->places, capacity * sizeof *dump->places);
			if (places == NULL)
				return error_set(error, RELEVO_NO_MEMORY, "no memory");
			dump->places = places;
			dump->capacity = capacity;
		}
		struct dump_place *place = &dump->places[dump->count++];
		*place = (struct dump_place){ view->head->rank, *view->run };
		place->run.first += i;
		place->run.index += i;
		place->run.count = 1;
		place->run.bytes = KEPT_BYTES_UNKNOWN;
	}
	return RELEVO_OK;
}

static int compare_places(const void *one, const void *other)
{
	const struct dump_place *left = one, *right = other;
	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return left->run.first < right->run.first ? -1 : left->run.first > right->run.first;
}

/* As they would be handed out. */
static int dump_ordered(struct dump *dump, struct data *data, const struct kept_queue *queue,
			struct error *error)
{
	dump->count = 0;
	data->walk.see = dump_note;
	int status = kept_walk_queue(&data->walk, queue, error);
	data->walk.see = dump_see;
	if (status == RELEVO_OK && dump->count > 0)
		qsort(dump->places, dump->count, sizeof *dump->places, compare_places);
	for (size_t i = 0; i < dump->count && status == RELEVO_OK; i++)
		status = kept_walk_run(&data->walk, queue, &dump->places[i].run, error);
	return status;
}

static int dump_queue(struct dump *dump, struct data *data, const struct kept_queue *queue,
		      struct error *error)
{
	if (queue->record.order != QUEUE_FIFO)
		return dump_ordered(dump, data, queue, error);
	return kept_walk_queue(&data->walk, queue, error);
}

/* ---- all -------------------------------------------------------------------- */

static int dump_queues(struct dump *dump, struct data *data, const char *name)
{
	struct error error = { 0 };
	struct kept_queue **queues = data_queues(data);
	bool found = name == NULL;
	int status = RELEVO_OK;
	if (queues == NULL)
		return EXIT_FAILED;
	data->walk.see = dump_see;
	data->walk.context = dump;
	for (size_t i = 0; i < data->kept.queues.count && status == RELEVO_OK; i++) {
		if (name != NULL && strcmp(queues[i]->record.name, name) != 0)
			continue;
		found = true;
		status = dump_queue(dump, data, queues[i], &error);
	}
	free(queues);
	if (status == RELEVO_CANCELLED)
		return output_close();
	if (status != RELEVO_OK)
		return data_failure(&error);
	/* What is damaged may be why. */
	if (!found)
		return failure_say(RELEVO_NOT_FOUND, "%s keeps no queue \"%s\"%s", data->path, name,
				   data->verdict == RELEVO_OK ? "" : ", as far as it can be read");
	return data_look_again(data);
}

static int cmd_data_dump_run(struct context *context)
{
	struct data data;
	struct dump dump = { .json = context->json };
	if (given.nul + given.raw + context->json > 1)
		return failure_usage("--null, --raw and --json exclude each other");
	int result = data_load(&data, context->arguments[0]);
	if (result == EXIT_DONE)
		result = dump_queues(&dump, &data,
				     context->count > 1 ? context->arguments[1] : NULL);
	if (result == EXIT_DONE && !data_is_whole(&data))
		result = data_say_damage(&data, "; the others were written");
	free(dump.places);
	data_close(&data);
	return result;
}

const struct command cmd_data_dump = {
	.name = "data dump",
	.summary = "write the items that a data folder keeps",
	.usage = "DIR [QUEUE]",
	.help = "Those of QUEUE, or of all queues, in the order in which they would be handed "
		"out.\n"
		"No broker is needed, and one may be running; nothing is taken out or changed.\n"
		"Status 1 if anything is damaged; what can be read is written all the same.\n",
	.least = 1,
	.most = 2,
	.options = options,
	.run = cmd_data_dump_run,
};
