/* The command "data check": reads all that a data folder keeps, and says what is damaged. */
#include "cli/commands.h"
#include "cli/data_load.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/visible.h"
#include "store/store_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Of each queue, what could be read. */
struct tally {
	const struct kept_queue *queue;
	uint64_t items, bytes;
};

struct check {
	struct tally *tallies;
	size_t count;
	struct tally *at; /* the one that was counted last */
};

static int check_see(void *context, const struct kept_view *view, struct error *error)
{
	struct check *check = context;
	struct byte_reader reader = view->entries;
	struct item_entry entry;
	(void)error;
	/* A second look has queues of its own. */
	if (check->at == NULL || check->at->queue->record.key != view->queue->record.key) {
		check->at = NULL;
		for (size_t i = 0; i < check->count && check->at == NULL; i++) {
			if (check->tallies[i].queue->record.key == view->queue->record.key)
				check->at = &check->tallies[i];
		}
	}
	if (check->at == NULL)
		return RELEVO_OK;
	for (uint32_t i = 0; i < view->run->count && item_entry_next(&reader, &entry); i++)
		check->at->bytes += entry.size;
	check->at->items += view->run->count;
	return RELEVO_OK;
}

static int check_read(struct check *check, struct data *data)
{
	struct error error = { 0 };
	struct kept_queue **queues = data_queues(data);
	check->count = data->kept.queues.count;
	check->tallies = calloc(check->count + 1, sizeof *check->tallies);
	int status = queues != NULL && check->tallies != NULL
			     ? RELEVO_OK
			     : error_set(&error, RELEVO_NO_MEMORY, "no memory");
	data->walk.see = check_see;
	data->walk.context = check;
	for (size_t i = 0; status == RELEVO_OK && i < check->count; i++) {
		check->tallies[i].queue = queues[i];
		check->at = &check->tallies[i];
		status = kept_walk_queue(&data->walk, queues[i], &error);
	}
	free(queues);
	return status == RELEVO_OK ? data_look_again(data) : data_failure(&error);
}

static uint64_t check_lost(const struct data *data, const struct kept_queue *queue)
{
	uint64_t lost = 0;
	for (size_t i = 0; i < data->walk.gaps.count; i++) {
		if (data->walk.gaps.all[i].queue == queue->record.key)
			lost += data->walk.gaps.all[i].run.count;
	}
	return lost;
}

/* ---- output ---------------------------------------------------------------- */

static json_t *check_queues_to_json(const struct check *check, const struct data *data)
{
	json_t *list = json_array();
	for (size_t i = 0; i < check->count; i++) {
		const struct tally *tally = &check->tallies[i];
		json_array_append_new(
			list, json_pack("{sssIsIsI}", "queue", tally->queue->record.name, "items",
					(json_int_t)tally->items, "bytes", (json_int_t)tally->bytes,
					"unreadable", (json_int_t)check_lost(data, tally->queue)));
	}
	return list;
}

static json_t *check_cells_to_json(const struct data *data)
{
	const struct map *cells = &data->kept.cells;
	json_t *list = json_array();
	for (struct map_node *node = map_next(cells, NULL); node != NULL;
	     node = map_next(cells, node)) {
		const struct kept_cell *cell = container_of(node, struct kept_cell, node);
		struct cell_record record;
		if (cell_record_read(&record, cell->record, cell->size))
			json_array_append_new(list,
					      json_pack("{sssssI}", "cell", record.name, "purpose",
							record.purpose, "bytes",
							(json_int_t)record.width * record.count));
	}
	return list;
}

static json_t *check_damage_to_json(const struct data *data)
{
	json_t *list = json_array();
	if (data->verdict != RELEVO_OK)
		json_array_append_new(list, json_pack("{sssIsssI}", "file", data->found.damaged,
						      "at", (json_int_t)data->found.damaged_at,
						      "text", data->damage.text, "readable_groups",
						      (json_int_t)data->found.readable));
	for (size_t i = 0; i < data->walk.gaps.count; i++) {
		const struct kept_gap *gap = &data->walk.gaps.all[i];
		const struct kept_queue *queue = kept_queue_find(&data->kept, gap->queue);
		char name[STORE_NAME_SIZE];
		store_extent_name(name, store_extent(gap->run.at));
		json_array_append_new(list, json_pack("{sssIsssIsI}", "file", name, "at",
						      (json_int_t)(uint32_t)gap->run.at, "queue",
						      queue != NULL ? queue->record.name : "",
						      "sequence", (json_int_t)gap->run.first,
						      "items", (json_int_t)gap->run.count));
	}
	return list;
}

static void check_print(const struct check *check, const struct data *data)
{
	printf("%-24s  %10s  %12s\n", "QUEUE", "ITEMS", "BYTES");
	for (size_t i = 0; i < check->count; i++)
		printf("%-24s  %10" PRIu64 "  %12" PRIu64 "\n",
		       visible(check->tallies[i].queue->record.name), check->tallies[i].items,
		       check->tallies[i].bytes);
	printf("cells: %zu\n", data->kept.cells.count);
}

/* What is damaged is said in any case. */
static int check_tell(const struct context *context, const struct check *check,
		      const struct data *data)
{
	int result = EXIT_DONE;
	if (context->json)
		result = output_json(json_pack("{sbsososo}", "whole", data_is_whole(data), "queues",
					       check_queues_to_json(check, data), "cells",
					       check_cells_to_json(data), "damage",
					       check_damage_to_json(data)));
	else
		check_print(check, data);
	if (result != EXIT_DONE || data_is_whole(data))
		return result;
	return data_say_damage(data, "");
}

static int cmd_data_check_run(struct context *context)
{
	struct data data;
	struct check check = { 0 };
	int result = data_load(&data, context->arguments[0]);
	if (result == EXIT_DONE)
		result = check_read(&check, &data);
	if (result == EXIT_DONE)
		result = check_tell(context, &check, &data);
	free(check.tallies);
	data_close(&data);
	return result;
}

const struct command cmd_data_check = {
	.name = "data check",
	.summary = "read all that a data folder keeps, and say what is damaged",
	.usage = "DIR",
	.help = "DIR is what relevod --data has; no broker is needed, and one may be running. "
		"Nothing\n"
		"is changed. Status 1 if anything is damaged; what could be read is counted all "
		"the\n"
		"same.\n",
	.least = 1,
	.most = 1,
	.run = cmd_data_check_run,
};
