/* Queues and cells that are kept, and how far clients have come: see kept.h. */
#include "journal/kept.h"

#include <stdlib.h>
#include <string.h>

void kept_init(struct kept *kept, uint64_t seed)
{
	*kept = (struct kept){ 0 };
	map_init(&kept->queues, seed);
	map_init(&kept->cells, seed ^ UINT64_C(0x9e3779b97f4a7c15));
}

void kept_fini(struct kept *kept)
{
	for (struct map_node *node = map_next(&kept->queues, NULL), *next; node != NULL;
	     node = next) {
		next = map_next(&kept->queues, node);
		kept_queue_end(kept, container_of(node, struct kept_queue, node));
	}
	for (struct map_node *node = map_next(&kept->cells, NULL), *next; node != NULL;
	     node = next) {
		next = map_next(&kept->cells, node);
		kept_cell_end(kept, container_of(node, struct kept_cell, node));
	}
	map_fini(&kept->queues);
	map_fini(&kept->cells);
	space_fini(&kept->space);
	free(kept->spare);
}

/* ---- queues ---------------------------------------------------------------- */

struct kept_queue *kept_queue_find(const struct kept *kept, uint64_t key)
{
	struct map_node *node = map_find(&kept->queues, &key, sizeof key);
	return node != NULL ? container_of(node, struct kept_queue, node) : NULL;
}

struct kept_queue *kept_queue_new(struct kept *kept, const struct queue_record *record)
{
	struct kept_queue *queue = kept_queue_find(kept, record->key);
	if (queue != NULL)
		return queue;
	size_t name = strlen(record->name) + 1, dead_letter = strlen(record->dead_letter) + 1;
	queue = calloc(1, sizeof *queue + name + dead_letter);
	if (queue == NULL)
		return NULL;
	char *names = (char *)(queue + 1);
	queue->record = *record;
	queue->record.name = memcpy(names, record->name, name);
	queue->record.dead_letter = memcpy(names + name, record->dead_letter, dead_letter);
	kept_items_init(queue);
	map_init(&queue->clients, kept->queues.seed + record->key);
	if (!map_insert(&kept->queues, &queue->node, &queue->record.key,
			sizeof queue->record.key)) {
		free(queue);
		return NULL;
	}
	if (record->key > kept->last_key)
		kept->last_key = record->key;
	return queue;
}

void kept_queue_end(struct kept *kept, struct kept_queue *queue)
{
	struct map_node *node;
	kept_items_fini(kept, queue);
	while ((node = map_next(&queue->clients, NULL)) != NULL)
		kept_client_forget(queue, container_of(node, struct kept_client, node));
	map_fini(&queue->clients);
	map_remove(&kept->queues, &queue->node);
	list_remove(&queue->unsaid);
	free(queue);
}

/* ---- cells --------------------------------------------------------------------- */

struct kept_cell *kept_cell_find(const struct kept *kept, uint64_t identity)
{
	struct map_node *node = map_find(&kept->cells, &identity, sizeof identity);
	return node != NULL ? container_of(node, struct kept_cell, node) : NULL;
}

struct kept_cell *kept_cell_new(struct kept *kept, uint64_t identity, size_t size, size_t contents)
{
	struct kept_cell *cell = malloc(sizeof *cell + size);
	if (cell == NULL)
		return NULL;
	*cell = (struct kept_cell){
		.identity = identity,
		.record = (uint8_t *)(cell + 1),
		.size = size,
		.contents = contents,
	};
	if (!map_insert(&kept->cells, &cell->node, &cell->identity, sizeof cell->identity)) {
		free(cell);
		return NULL;
	}
	if (identity > kept->last_cell)
		kept->last_cell = identity;
	return cell;
}

void kept_cell_set(struct kept_cell *cell, uint64_t version, size_t offset, const uint8_t *bytes,
		   size_t size)
{
	struct byte_writer writer = { cell->record + CELL_RECORD_VERSION_AT };
	byte_put_number(&writer, version, 8);
	size_t room = cell->size - cell->contents;
	if (size > 0 && offset <= room && size <= room - offset)
		memcpy(cell->record + cell->contents + offset, bytes, size);
}

void kept_cell_end(struct kept *kept, struct kept_cell *cell)
{
	map_remove(&kept->cells, &cell->node);
	free(cell);
}
