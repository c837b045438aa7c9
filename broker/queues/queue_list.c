/* Listing queues by name, a page at a time. */
#include "core/work.h"
#include "queues/manage.h"
#include "queues/queue_count.h"

#include <string.h>

/* Before the first name that may be asked for. */
static struct sorted_place queue_list_begin(const struct engine *engine,
					    const struct list_request *request)
{
	bool on = strcmp(request->after, request->prefix) >= 0;
	return sorted_find(&engine->names, on ? request->after : request->prefix,
			   on && request->after[0] != '\0');
}

uint32_t queue_list(struct engine *engine, const struct list_request *request,
		    struct queue_summary *summaries)
{
	struct sorted_place place = queue_list_begin(engine, request);
	size_t prefix = strlen(request->prefix);
	uint32_t count = 0;
	char *name;
	while (count < request->max && (name = sorted_next(&engine->names, &place)) != NULL &&
	       strncmp(name, request->prefix, prefix) == 0) {
		const struct queue *queue = container_of(name, struct queue, name);
		summaries[count++] = (struct queue_summary){
			.name = queue->name,
			.kind = queue->options.kind,
			.counts = queue_counts_of(queue),
		};
	}
	work_spend(engine, count);
	return count;
}
