/* The counts of a queue by their names, for text and JSON. */
#include "cli/counts.h"

#include <stddef.h>

#define COUNT(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct relevo_queue_state, name)                                   \
	}

static const struct {
	const char *name;
	size_t offset;
} rows[COUNTS] = {
	COUNT(ready),         COUNT(leased),      COUNT(delayed), COUNT(bytes),
	COUNT(getters),       COUNT(putters),     COUNT(joiners), COUNT(put),
	COUNT(acknowledged),  COUNT(redelivered), COUNT(expired), COUNT(dropped),
	COUNT(dead_lettered), COUNT(duplicates),  COUNT(handles),
};

const char *counts_name(size_t index)
{
	return rows[index].name;
}

uint64_t counts_value(const struct relevo_queue_state *counts, size_t index)
{
	return *(const uint64_t *)(const void *)((const char *)counts + rows[index].offset);
}

json_t *counts_to_json(const char *name, const struct relevo_queue_state *counts)
{
	json_t *object = json_pack("{ss}", "queue", name);
	for (size_t i = 0; i < COUNTS && object != NULL; i++) {
		json_t *number = json_integer((json_int_t)counts_value(counts, i));
		if (json_object_set_new(object, rows[i].name, number) == 0)
			continue;
		json_decref(object);
		object = NULL;
	}
	if (object != NULL &&
	    json_object_set_new(object, "durable", json_boolean(counts->durable)) != 0) {
		json_decref(object);
		object = NULL;
	}
	return object;
}
