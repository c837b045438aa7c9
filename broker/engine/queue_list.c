#include "engine/core.h"
#include "engine/manage.h"
#include "engine/queue.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *one, const void *other)
{
	const struct queue *const *first = one, *const *second = other;
	return strcmp((*first)->name, (*second)->name);
}

static bool is_asked_for(const struct queue *queue, const struct list_request *request)
{
	return strncmp(queue->name, request->prefix, strlen(request->prefix)) == 0 &&
	       strcmp(queue->name, request->after) > 0;
}

int queue_list(struct engine *engine, const struct list_request *request,
	       struct queue_summary *summaries, uint32_t *count)
{
	size_t found = 0;
	*count = 0;
	/* Room for all: the map has no order. */
	struct queue **queues = malloc((engine->queues.count + 1) * sizeof(struct queue *));
	if (queues == NULL)
		return RELEVO_NO_MEMORY;
	for (struct map_node *node = map_next(&engine->queues, NULL); node != NULL;
	     node = map_next(&engine->queues, node)) {
		struct queue *queue = container_of(node, struct queue, node);
		if (is_asked_for(queue, request))
			queues[found++] = queue;
	}
	qsort(queues, found, sizeof(struct queue *), by_name);
	for (; *count < found && *count < request->max; ++*count)
		summaries[*count] = (struct queue_summary){
			.name = queues[*count]->name,
			.kind = queues[*count]->options.kind,
			.counts = queue_counts_of(queues[*count]),
		};
	free(queues);
	return RELEVO_OK;
}
